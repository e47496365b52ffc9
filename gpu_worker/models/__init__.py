"""Models of flow that are made here, and the scripts that make them."""
