"""Edits: cuts, dissolves and fades, found in the stitched table of a whole video."""
