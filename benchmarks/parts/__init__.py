"""What several benchmarks, or the two sides of one, are made of."""
