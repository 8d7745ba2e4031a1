"""Bringing the built web app into the object store, from where the edges serve it."""
