"""Tests of flowtag, and the generator of rendered clips that they share with the benchmarks."""
