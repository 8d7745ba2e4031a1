"""The worker: a process that takes jobs from the bus and does them in media children. README.md says how it behaves."""
