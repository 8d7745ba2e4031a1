"""Envoy's configuration as plain data, one concern a file. Nothing here talks to anybody."""
