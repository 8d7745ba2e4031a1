"""Strangers' pictures: read strictly in pure Python before any decoder is started, and brought down to what is drawn.

`read.py` takes a file; `jpeg.py`, `png.py` and `webp.py` walk through its parts. What they give on has neither
metadata nor anything behind its end. `redraw.py` decodes that in a media child, and nowhere else.
"""
