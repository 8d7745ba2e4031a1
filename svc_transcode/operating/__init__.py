"""The work of the installation, for those who run it."""
