"""A network of flow of our own: the pairs it learns from, its training and its export."""
