"""From the bytes that somebody sent to a picture that may be drawn. Pure; its name and its type are never looked at."""

from __future__ import annotations

from typing import Final

from svc_transcode.media.pictures import jpeg, png, webp
from svc_transcode.media.pictures.plain import PictureRefused, Plain, require_size

_ONLY: Final = "JPEG, PNG and WebP are taken."
_OTHERS: Final = (
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"8BPS", "Photoshop"),
    (b"\0\0\1\0", "icon"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"%PDF", "PDF"),
)
_BRANDS: Final = {b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIF"}


def read(data: bytes) -> Plain:
    """The picture, without whatever else the file holds. Raises PictureRefused."""
    if data.startswith(jpeg.START):
        plain = jpeg.read(data)
    elif data.startswith(png.START):
        plain = png.read(data)
    elif data.startswith(webp.START) and data[8:12] == webp.FORM:
        plain = webp.read(data)
    else:
        raise PictureRefused(_unknown(data))
    require_size(plain.width, plain.height)
    return plain


def _unknown(data: bytes) -> str:
    name = next((name for start, name in _OTHERS if data.startswith(start)), None)
    if name is None and data[4:8] == b"ftyp":
        name = _BRANDS.get(data[8:12])
    if name is None and b"<svg" in data[:1000].lower():
        name = "SVG"
    return f"The file is a picture of the kind {name}. {_ONLY}" if name else f"The file is no picture. {_ONLY}"
