"""How a worker bears with its neighbours, and tells how far it is."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from datetime import timedelta

import grpc.aio
import pytest

from mesh.errors import Fault, aborted, contention, invalid_field, not_found, unauthenticated, unavailable
from mesh.statuses import trailers_of
from svc_transcode.commands import WORKER
from svc_transcode.worker import patience
from svc_transcode.worker.arguments import chosen
from svc_transcode.worker.attempts import beside
from svc_transcode.worker.coordinator import FencedError, asked
from svc_transcode.worker.progress import Reporter
from vidmesh.common.v1.error_reason_pb2 import ErrorReason

FENCED = aborted(ErrorReason.ERROR_REASON_JOB_FENCED, "In other hands.")
NO_JOB = not_found(ErrorReason.ERROR_REASON_JOB_NOT_FOUND, "There is no such job.")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(patience, "LONGEST_PAUSE", 0.001)


def answered(fault: Fault) -> grpc.aio.AioRpcError:
    """As a service of this installation refuses a call."""
    return grpc.aio.AioRpcError(fault.code, grpc.aio.Metadata(), grpc.aio.Metadata(*trailers_of(fault)))


def unanswered(code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE) -> grpc.aio.AioRpcError:
    """As a call ends that reached nobody."""
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata())


class Neighbour:
    """Ends calls with these errors, one after the other, and answers then."""

    def __init__(self, errors: Sequence[Exception]) -> None:
        self._errors = list(errors)

    async def call(self) -> str:
        if self._errors:
            raise self._errors.pop(0)
        return "answer"


async def test_a_neighbour_that_is_away_is_waited_for_without_end() -> None:
    away = [unanswered(), unanswered(grpc.StatusCode.DEADLINE_EXCEEDED)] * 50
    assert await asked(Neighbour(away).call, timedelta(0)) == "answer"


async def test_one_that_does_not_know_this_worker_is_waited_for_so_that_no_job_pays_for_a_wrong_clock() -> None:
    refused = unauthenticated(ErrorReason.ERROR_REASON_INVALID_TOKEN, "The service token has expired.")
    assert await asked(Neighbour([answered(refused)] * 50).call, timedelta(0)) == "answer"


async def test_one_that_says_not_now_is_asked_again() -> None:
    assert await asked(Neighbour([answered(unavailable()), answered(contention())]).call) == "answer"


async def test_one_that_goes_on_saying_not_now_is_given_up() -> None:
    with pytest.raises(Fault) as caught:
        await asked(Neighbour([answered(unavailable())] * 1000).call, timedelta(seconds=0.02))
    assert caught.value.code == grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("fault", [FENCED, NO_JOB])
async def test_a_job_that_is_not_wanted_any_more_is_fenced(fault: Fault) -> None:
    with pytest.raises(FencedError):
        await asked(Neighbour([answered(fault)]).call)


async def test_a_refusal_is_not_argued_with() -> None:
    with pytest.raises(Fault, match="wrong"):
        await asked(Neighbour([answered(invalid_field("job_id", "wrong"))]).call)
    with pytest.raises(grpc.aio.AioRpcError):
        await asked(Neighbour([unanswered(grpc.StatusCode.RESOURCE_EXHAUSTED)]).call)


async def test_a_store_that_is_away_for_long_is_given_up() -> None:
    from mesh.objects.errors import ObjectsUnavailable

    assert await patience.from_store(Neighbour([ObjectsUnavailable("away")] * 3).call) == "answer"
    with pytest.raises(ObjectsUnavailable):
        await patience.from_store(Neighbour([ObjectsUnavailable("away")] * 1000).call, timedelta(seconds=0.02))


async def test_progress_is_folded_never_goes_back_and_is_repeated_as_a_sign_of_life() -> None:
    sent: list[float] = []

    async def send(share: float) -> None:
        sent.append(share)
        if len(sent) == 3:
            raise FencedError

    reporter = Reporter(send, every=0.01, beat=0.05)
    for share in (0.1, 0.3, 0.2):
        reporter.tell(share)
    with pytest.raises(FencedError):
        await reporter.run()
    assert sent == [0.3, 0.3, 0.3]


async def test_work_ends_with_what_is_beside_it() -> None:
    ended: list[str] = []

    async def work() -> str:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("work")
        return "never"

    async def fence() -> None:
        raise FencedError

    with pytest.raises(FencedError):
        await beside(work(), fence())  # pyright: ignore[reportArgumentType] (it never returns)
    assert ended == ["work"]


def test_the_command_takes_what_a_worker_may_be_told() -> None:
    parser = argparse.ArgumentParser()
    WORKER.configure(parser)
    choice = chosen(parser.parse_args(["--slots", "3", "--name", "shelf-1"]))
    assert (choice.slots, choice.name, choice.scratch) == (3, "shelf-1", None)
    assert chosen(parser.parse_args([])).slots == 1


@pytest.mark.parametrize("wrong", [["--slots", "0"], ["--name", "../elsewhere"], ["--name", ""]])
def test_what_makes_no_sense_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    WORKER.configure(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(wrong)
    assert wrong[0] in capsys.readouterr().err
