"""People and their channels: accounts, sessions, channels, members. README.md says what it owns."""
