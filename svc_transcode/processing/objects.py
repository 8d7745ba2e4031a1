"""Media of videos in the object store, as the steps that no worker takes need it."""

from __future__ import annotations

from mesh.objects import Objects


class MediaStore:
    """Objects below `v/<video_id>/` of the media bucket."""

    def __init__(self, objects: Objects, bucket: str) -> None:
        self._objects = objects
        self._bucket = bucket

    async def put(self, video_id: str, path: str, text: str, content_type: str, cache_control: str) -> None:
        """Store a text. Raises ObjectsUnavailable."""
        await self.put_file(video_id, path, text.encode(), content_type, cache_control)

    async def put_file(self, video_id: str, path: str, data: bytes, content_type: str, cache_control: str) -> None:
        """Store a file. Raises ObjectsUnavailable."""
        await self._objects.put(
            self._bucket, f"v/{video_id}/{path}", data, content_type=content_type, cache_control=cache_control
        )

    async def get(self, video_id: str, path: str) -> bytes:
        """An object. Raises ObjectMissing, ObjectsUnavailable."""
        return await self._objects.get(self._bucket, f"v/{video_id}/{path}")

    async def delete_folder(self, video_id: str, prefix: str) -> None:
        """Delete everything whose path begins so. Raises ObjectsUnavailable."""
        await self._objects.delete_prefix(self._bucket, f"v/{video_id}/{prefix}")

    async def listed(self, video_id: str) -> list[str]:
        """The path of every object of a video. Raises ObjectsUnavailable."""
        below, paths, cursor = f"v/{video_id}/", list[str](), None
        while True:
            page = await self._objects.list(self._bucket, below, cursor=cursor)
            paths += [found.key.removeprefix(below) for found in page.objects]
            cursor = page.cursor
            if cursor is None:
                return paths

    async def delete(self, video_id: str, path: str) -> None:
        """Delete one object; one that is not there is no error. Raises ObjectsUnavailable."""
        await self._objects.delete(self._bucket, f"v/{video_id}/{path}")

    async def delete_others(self, video_id: str, prefix: str, kept: str) -> None:
        """Delete everything whose path begins with `prefix` and not with `kept`. Raises ObjectsUnavailable."""
        below, cursor = f"v/{video_id}/", None
        while True:
            page = await self._objects.list(self._bucket, below + prefix, cursor=cursor)
            for found in page.objects:
                if not found.key.startswith(below + kept):
                    await self._objects.delete(self._bucket, found.key)
            cursor = page.cursor
            if cursor is None:
                return
