"""Benchmarks: each file here with a `BENCHMARK` is one. `python -m benchmarks --list` names them; see README.md."""
