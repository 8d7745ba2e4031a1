"""Locks a process into its own folder, for good: what decodes strangers' bytes has nothing else to reach."""
