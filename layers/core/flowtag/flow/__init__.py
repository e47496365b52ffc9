"""Dense optical flow between two small grey frames, and how far each vector can be trusted."""
