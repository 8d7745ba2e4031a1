"""The media library: what runs inside a media child process, and the pure rules around it.

Two halves, kept apart on purpose:

- **pure** (no PyAV, safe anywhere): `errors`, `info`, `ladder`, `grid`, `schedule`, `jobs`, `boxes`, `tracks`,
  `hls`, `dash`, `package`; and `runner`, the asyncio side that starts a child.
- **media** (imports PyAV; only ever inside a child process): `source`, `probe`, `frames`, `graph`, `encode`,
  `audio`, `thumbnail`, `verify`, `child`.

A parent process imports the pure half alone: bytes that a stranger sent never meet a decoder outside a child that
has given up its own resources first.
"""
