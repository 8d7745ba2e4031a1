"""What the encoders are told, as FFmpeg's options. Pure.

Nothing of it comes from a request: a profile of `profiles` chooses, and the operator chooses the profile.
"""

from __future__ import annotations

from svc_transcode.media.coding import Codec
from svc_transcode.media.ladder import Rung

_ONLY_FORCED_KEYFRAMES = "99999"


def options(rung: Rung, preset: str, threads: int) -> dict[str, str]:
    """For the encoder of the rung's codec. `preset`: x264's, for a rung that brings none of its own."""
    match rung.coding.codec:
        case Codec.H264:
            return _x264(rung, preset)
        case Codec.AV1:
            return _svt_av1(rung, threads)


def _x264(rung: Rung, preset: str) -> dict[str, str]:
    quality = {} if rung.coding.crf is None else {"crf": str(rung.coding.crf)}
    return {
        **quality,
        "preset": rung.coding.preset or preset,
        "maxrate": str(rung.maxrate),
        "bufsize": str(rung.bufsize),
        "g": _ONLY_FORCED_KEYFRAMES,
        "forced-idr": "1",
        "sc_threshold": "0",
        # stitchable: the same parameter sets whatever the chunk; sliced threads would cost quality.
        "x264-params": "open-gop=0:stitchable=1:sliced-threads=0",
    }


def _svt_av1(rung: Rung, threads: int) -> dict[str, str]:
    return {
        "preset": rung.coding.preset,
        "crf": str(rung.coding.crf),
        "maxrate": str(rung.maxrate),
        "g": _ONLY_FORCED_KEYFRAMES,
        # lp: it would take every processor there is; scd: keyframes are where all renditions have them.
        "svtav1-params": f"lp={threads}:scd=0",
    }
