"""`vidmesh jobs`."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from vidmesh.client.client import Client
from vidmesh.client.commands.session import connected, plain, print_json, print_lines, short
from vidmesh.transcode.v1 import job_pb2, transcode_pb2
from vidmesh.transcode.v1 import job_service_pb2 as pb

PAGE = 100

T = TypeVar("T")


class Paged(Protocol):
    """An answer that is one page of a list."""

    @property
    def next_page_token(self) -> str: ...


P = TypeVar("P", bound=Paged)


async def run(args: argparse.Namespace) -> int:
    """Does the action named."""
    async with connected(args) as (client, _):
        told, lines = await _ACTIONS[args.action](client, args)
    if args.json:
        print_json(told)
    else:
        print_lines(lines)
    return 0


Told = tuple[Mapping[str, object], list[str]]


async def _queue(client: Client, args: argparse.Namespace) -> Told:
    statistics = (await client.jobs.GetJobStatistics(pb.GetJobStatisticsRequest())).statistics

    async def page(token: str) -> pb.ListJobQueueResponse:
        return await client.jobs.ListJobQueue(pb.ListJobQueueRequest(page_size=PAGE, page_token=token))

    lines, more = await _all(page, lambda answer: answer.lines, args.limit)
    told = {"statistics": plain(statistics), "queue": [plain(line) for line in lines], "more": more}
    return told, [*_statistics(statistics), *(_line(line) for line in lines), *_and_more(more)]


async def _running(client: Client, args: argparse.Namespace) -> Told:
    async def page(token: str) -> pb.ListRunningJobsResponse:
        return await client.jobs.ListRunningJobs(pb.ListRunningJobsRequest(page_size=PAGE, page_token=token))

    jobs, more = await _all(page, lambda answer: answer.jobs, args.limit)
    return {"jobs": [plain(job) for job in jobs], "more": more}, [*map(_at_work, jobs), *_and_more(more)]


async def _dead(client: Client, args: argparse.Namespace) -> Told:
    async def page(token: str) -> pb.ListDeadJobsResponse:
        return await client.jobs.ListDeadJobs(pb.ListDeadJobsRequest(page_size=PAGE, page_token=token))

    jobs, more = await _all(page, lambda answer: answer.dead_jobs, args.limit)
    return {"dead_jobs": [plain(job) for job in jobs], "more": more}, [*map(_given_up, jobs), *_and_more(more)]


async def _show(client: Client, args: argparse.Namespace) -> Told:
    job = (await client.jobs.GetDeadJob(pb.GetDeadJobRequest(dead_job_id=args.dead_job))).dead_job
    lines = [
        f"dead job   {job.dead_job_id}",
        f"job        {job.job_id}",
        f"video      {job.video_id}",
        f"work       {_kind(job.kind)} {' '.join(job.qualities)}".rstrip(),
        f"given up   {job.dead_time.ToDatetime(UTC).isoformat(timespec='seconds')}, after {job.attempts} attempts",
        f"reason     {job.reason}",
    ]
    return {"dead_job": plain(job)}, lines


async def _retry(client: Client, args: argparse.Namespace) -> Told:
    answer = await client.jobs.RetryDeadJob(pb.RetryDeadJobRequest(dead_job_id=args.dead_job))
    if not answer.HasField("processing"):
        return {"processing": None}, ["The video is gone; the job is off the list."]
    told = plain(answer.processing)
    return {"processing": told}, [f"{answer.processing.video_id} is {told.get('state', '')}; the job is off the list."]


_ACTIONS: dict[str, Callable[[Client, argparse.Namespace], Awaitable[Told]]] = {
    "queue": _queue,
    "running": _running,
    "dead": _dead,
    "show": _show,
    "retry": _retry,
}


async def _all(
    page: Callable[[str], Awaitable[P]], items: Callable[[P], Iterable[T]], most: int
) -> tuple[list[T], bool]:
    """Up to `most` items of all pages, and whether there are more."""
    found: list[T] = []
    token = ""
    while True:
        answer = await page(token)
        found += items(answer)
        token = answer.next_page_token
        if not token or len(found) >= most:
            return found[:most], bool(token) or len(found) > most


def _statistics(found: job_pb2.JobStatistics) -> list[str]:
    return [
        f"{found.running} out to workers, {found.workers} at work",
        f"{found.rate:.1f} a minute finished; in the last ten minutes {found.finished} finished "
        f"({found.reused} of them by a copy), "
        f"{found.failed_attempts} attempts failed, {found.given_up} given up",
        *(f"no worker has what some jobs need: {need}" for need in found.unserved_needs),
    ]


def _line(line: job_pb2.JobQueueLine) -> str:
    urgency = short(job_pb2.JobUrgency.Name(line.urgency), "JobUrgency").lower()
    waiting = "1000 or more" if line.waiting >= 1000 else str(line.waiting)
    age = f"oldest {_age(line.oldest_time)}" if line.HasField("oldest_time") else ""
    needs = f"needs {' and '.join(line.needs)}" if line.needs else ""
    lacking = "(no worker has it)" if line.unserved and line.needs else "(no worker is there)" if line.unserved else ""
    parts = (f"{urgency:<7} {line.place}", f"channel {line.channel_id}", f"{waiting} waiting", age, needs, lacking)
    return "  ".join(part for part in parts if part)


def _at_work(job: job_pb2.RunningJob) -> str:
    doing = f"{job.worker}, attempt {job.attempt}" if job.worker else "waits for a worker"
    failed = f", failed {job.failures} times" if job.failures else ""
    return f"{job.job_id}  {_kind(job.kind)}  {doing}{failed}, out for {_age(job.release_time)}"


def _given_up(job: job_pb2.DeadJob) -> str:
    return f"{job.dead_job_id}  {job.job_id}  {_kind(job.kind)}  {_age(job.dead_time)} ago  {job.reason}"


def _kind(kind: transcode_pb2.JobKind.ValueType) -> str:
    return short(transcode_pb2.JobKind.Name(kind), "JobKind").lower()


def _age(time: Timestamp) -> str:
    seconds = max(0, int((datetime.now(UTC) - time.ToDatetime(UTC)).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _and_more(more: bool) -> list[str]:
    return ["… and more; see --limit"] if more else []
