"""Checks of what is not code of flowtag's own."""
