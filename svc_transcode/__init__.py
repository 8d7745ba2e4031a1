"""Transcoding: from the parts of an upload to an adaptive, playable ladder."""
