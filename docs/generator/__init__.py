"""Writes docs/reference/ from the contracts and declarations, so that nothing stands twice."""
