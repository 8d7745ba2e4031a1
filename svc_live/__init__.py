"""Live streams and their chat. README.md says what will live here."""
