"""What flowtag is measured with."""
