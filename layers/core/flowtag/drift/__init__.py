"""Whether what runs measure still looks like what a baseline measured."""
