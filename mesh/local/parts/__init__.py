"""The kinds of parts, one a file: each turns a plan into `Part`s."""
