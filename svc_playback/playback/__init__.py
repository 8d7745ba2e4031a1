"""PlaybackService."""
