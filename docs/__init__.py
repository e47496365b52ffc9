"""The pages about flowtag, and what writes those that follow from its code."""
