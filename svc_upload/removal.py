"""How a video goes for good."""

from __future__ import annotations

from svc_upload.videos.edits import purged
from svc_upload.videos.store import VideoStore


class Removal:
    """Removes videos. Everybody hears of it by VideoPurged before the last row goes."""

    def __init__(self, videos: VideoStore) -> None:
        self._videos = videos

    async def remove_video(self, video_id: str) -> bool:
        """From now on nobody sees it. False while its row still waits for its events; call again then."""
        record = await self._videos.change(video_id, purged)
        return record is None or await self._videos.drop(record)
