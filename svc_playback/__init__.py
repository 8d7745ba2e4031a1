"""svc_playback: grants to watch, and what players report. README.md says what it owns."""
