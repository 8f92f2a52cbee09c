"""Benchmarks: they measure, and no test waits for them."""
