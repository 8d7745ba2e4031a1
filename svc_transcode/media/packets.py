"""Packets and what is in them, from a source that may be damaged. Imports PyAV: for a media child alone.

A packet that its decoder refuses costs what was in it; a container that cannot be read on ends there. Both are
counted, and too much of it is an end to the job. Running out of memory is never taken for damage.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar, cast

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream

from svc_transcode.media.parts import PartReader
from svc_transcode.media.source import damaged

S = TypeVar("S", bound=Stream)


def demuxed(container: InputContainer, *streams: S) -> Iterator[Packet[S]]:
    """The packets of these streams, to the end. Raises FFmpegError where the container cannot be read on.

    The last packet of each is empty, and flushes its decoder. A programme stream or FLV may begin further streams at
    any time: PyAV (18.1) may then fail as it flushes, and is to be asked again, for what was not flushed.
    """
    flushed: set[int] = set()
    while True:
        asked_again = bool(flushed)
        try:
            for packet in cast("Iterator[Packet[S]]", container.demux(*streams)):
                if packet.size:
                    flushed.discard(packet.stream_index)
                elif asked_again and packet.stream_index in flushed:
                    continue
                else:
                    flushed.add(packet.stream_index)
                yield packet
        except IndexError:
            continue
        return


class Demuxer:
    """The packets of one stream from where the container stands."""

    def __init__(self, container: InputContainer, reader: PartReader, allowed: int, share: int) -> None:
        """`allowed` packets may be damaged, or one in `share` where that is more."""
        self._container, self._reader = container, reader
        self._allowed, self._share = allowed, share
        self._packets = 0
        self.damaged = 0

    def packets(self, stream: S) -> Iterator[Packet[S]]:
        """Ends at the end of the stream. Raises PartUnavailable."""
        try:
            for packet in demuxed(self._container, stream):
                self._packets += 1
                yield packet
        except FFmpegError as failure:
            self._excuse(failure)
            self.damaged += 1
        self._reader.check()

    def refused(self, failure: FFmpegError) -> None:
        """Counts a packet that its decoder refused. Raises MediaRejected (DAMAGED) where it is one too many."""
        self._excuse(failure)
        self.damaged += 1
        if self.damaged > max(self._allowed, self._packets // self._share):
            raise damaged("Too much of the file is damaged.") from failure

    def _excuse(self, failure: FFmpegError) -> None:
        self._reader.check()
        if isinstance(failure, MemoryError):
            raise failure
