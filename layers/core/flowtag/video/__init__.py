"""Video files: opening, probing, indexing, decoding. The only home of PyAV in the library."""
