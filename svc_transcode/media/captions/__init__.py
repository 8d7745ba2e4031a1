"""Captions: strangers' files read strictly into cues, and cues written as plain WebVTT. Pure Python, no decoder.

`read.py` takes an uploaded file; `embedded.py` takes the text of packets that a container holds. Whatever they came
from, cues hold text that `markup.py` built: escaped, balanced, with a handful of tags.
"""
