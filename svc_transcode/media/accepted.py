"""Which containers and decoders may meet a stranger's bytes. Pure.

Everything else that FFmpeg could read is refused: playlists and ffconcat would make it open other files, the rest
is attack surface that no camera or editor needs.
"""

from __future__ import annotations

FORMATS = ("mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "mpegts", "avi", "flv", "asf", "mpeg")
"""FFmpeg's names of demuxers."""

VIDEO_CODECS = frozenset(
    {
        *("h264", "hevc", "av1", "vp8", "vp9"),
        *("mpeg4", "mpeg2video", "mpeg1video", "h263", "mjpeg", "prores", "dnxhd", "dvvideo"),
        *("flv1", "vp6f", "wmv1", "wmv2", "wmv3", "vc1", "msmpeg4v1", "msmpeg4v2", "msmpeg4v3"),
    }
)
"""FFmpeg's names of codecs."""

AUDIO_CODECS = frozenset(
    {
        *("aac", "aac_latm", "mp3", "mp2", "mp1", "ac3", "eac3", "dts", "opus", "vorbis", "flac", "alac"),
        *("pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be", "pcm_f32le", "pcm_f32be"),
        *("pcm_u8", "pcm_s8", "pcm_alaw", "pcm_mulaw", "pcm_bluray", "pcm_dvd"),
        *("wmav1", "wmav2", "wmapro", "amr_nb", "amr_wb", "adpcm_ms", "adpcm_ima_wav", "adpcm_swf", "nellymoser"),
    }
)

_OTHER_DECODER_NAMES = (
    *("libdav1d", "libvpx", "libvpx-vp9", "flv", "vp6", "msmpeg4"),
    *("mp3float", "mp2float", "mp1float", "dca", "libopus", "amrnb", "amrwb"),
)

DECODERS = (*sorted(VIDEO_CODECS | AUDIO_CODECS), *_OTHER_DECODER_NAMES)
"""Names of decoders, where FFmpeg's differ from the codecs'."""
