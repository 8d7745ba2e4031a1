"""Names of colour properties (ITU-T H.273), as FFmpeg's filters spell them. Pure."""

from __future__ import annotations

UNSPECIFIED = "unknown"

_TRANSFERS = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear", 11: "iec61966-2-4",
    13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 18: "arib-std-b67",
}  # fmt: skip
_PRIMARIES = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020", 11: "smpte431",
    12: "smpte432",
}  # fmt: skip
_MATRICES = {
    0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc", 10: "bt2020c",
}  # fmt: skip

_HIGH_DEFINITION = 720


def transfer(number: int) -> str:
    """TransferCharacteristics; "unknown" for what is unspecified or not in use."""
    return _TRANSFERS.get(number, UNSPECIFIED)


def primaries(number: int) -> str:
    """ColourPrimaries."""
    return _PRIMARIES.get(number, UNSPECIFIED)


def matrix(number: int) -> str:
    """MatrixCoefficients."""
    return _MATRICES.get(number, UNSPECIFIED)


def assumed_matrix(short_side: int) -> str:
    """What a picture that does not say was most likely made with: BT.601 below high definition, else BT.709."""
    return "bt709" if short_side >= _HIGH_DEFINITION else "smpte170m"
