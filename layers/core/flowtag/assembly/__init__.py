"""From the chunks of a run to its ``motion.json``: stitch, find edits, split, tag."""
