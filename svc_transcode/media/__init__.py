"""The media library: what runs inside a media child process, and the pure rules around it.

Two halves, kept apart on purpose:

- **pure**, safe anywhere: the rules (`coding`, `ladder`, `profiles`, `complexity`, `encoder_options`, `grid`,
  `schedule`, `stills`, `chapters`, `index`, `gating`, `level`), what is said of media (`info`, `jobs`, `errors`,
  `limits`, `wire`), ISO boxes (`boxes`, `fragment`, `splitter`,
  `codecs`, `progressive`), pictures that are sent (`pictures`, but for its `redraw`), manifests (`tracks`, `rates`,
  `urls`, `hls`, `dash`, `package`), and `runner`, the asyncio side that starts a child.
- **media**, which imports PyAV and runs in a child process alone: `source`, `packets`, `probe`, `extent`, `frames`,
  `graph`, `sampling`, `x264`, `turns`, `encoders`, `encode`, `audio`, `loudness`, `thumbnail`, `verify`; `child` is the
  process.

A parent imports the pure half alone: bytes that a stranger sent never meet a decoder outside a child that has given
up its own resources first.
"""
