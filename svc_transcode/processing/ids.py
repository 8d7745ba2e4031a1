"""How a job is named on the bus, and where its attempts put what they make. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from mesh.errors import not_found
from svc_transcode.processing.model import Kind
from vidmesh.common.v1.error_reason_pb2 import ErrorReason

FOLDERS = {Kind.THUMBNAILS: "t", Kind.STORYBOARD: "b", Kind.CAPTIONS: "c", Kind.DOWNLOAD: "d"}
"""By kind of job; all else is segments. Grants for pictures alone open `t/`; storyboards and captions lie elsewhere."""


@dataclass(frozen=True, slots=True)
class JobId:
    """A release of a job. With the number of the attempt it is a fencing token: a later pair shuts earlier ones out."""

    video_id: str
    job: str
    release: int

    def __str__(self) -> str:
        return f"{self.video_id}~{self.job}~{self.release}"

    @classmethod
    def parse(cls, text: str) -> JobId:
        """The id of a message. Raises NOT_FOUND (JOB_NOT_FOUND) for anything else."""
        try:
            video_id, job, release = text.split("~")
            return cls(video_id, job, int(release))
        except ValueError:
            raise no_such_job(text) from None

    def folder(self, kind: Kind, attempt: int) -> str:
        """Where an attempt puts its outputs, under the video's media prefix."""
        return f"{self.outputs(kind)}{self.release}.{attempt}"

    def outputs(self, kind: Kind) -> str:
        """What the folders of all attempts of this job begin with."""
        return f"{FOLDERS.get(kind, 's')}/{self.job}."


def no_such_job(job_id: str) -> Exception:
    """NOT_FOUND: the video is gone, or there never was such a job."""
    return not_found(ErrorReason.ERROR_REASON_JOB_NOT_FOUND, "There is no such job.", job_id=job_id)
