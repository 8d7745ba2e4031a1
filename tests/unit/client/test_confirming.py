"""Telling a service that is away now and then which parts are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import grpc
import pytest

from vidmesh.client import confirming
from vidmesh.client.confirming import Confirmer
from vidmesh.client.errors import VidmeshError
from vidmesh.client.retrying import Backoff
from vidmesh.upload.v1.upload_pb2 import Upload
from vidmesh.upload.v1.upload_service_pb2 import ConfirmPartsRequest, ConfirmPartsResponse

if TYPE_CHECKING:
    from vidmesh.upload.v1.upload_service_pb2_grpc import UploadServiceAsyncStub


class Service:
    """Refuses with these codes, one after the other, and takes what comes then."""

    def __init__(self, *codes: grpc.StatusCode) -> None:
        self._codes = list(codes)
        self.numbers: list[int] = []

    async def ConfirmParts(self, request: ConfirmPartsRequest) -> ConfirmPartsResponse:
        if self._codes:
            raise VidmeshError(self._codes.pop(0), "", "Not now.")
        self.numbers += [part.number for part in request.parts]
        return ConfirmPartsResponse(upload=Upload(received_part_count=len(self.numbers)))


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirming, "PATIENCE", Backoff(attempts=4, first=0.001, most=0.001))


async def confirm(service: Service) -> list[Upload]:
    told: list[Upload] = []
    confirmer = Confirmer(cast("UploadServiceAsyncStub", service), "u", told.append)
    for number in (1, 2):
        confirmer.stored(number, b"\0" * 32)
    confirmer.no_more()
    await confirmer.run()
    return told


async def test_a_service_that_is_away_for_longer_than_one_call_bears_is_told_when_it_is_back() -> None:
    service = Service(grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE)
    told = await confirm(service)
    assert service.numbers == [1, 2]
    assert told[-1].received_part_count == 2


async def test_one_that_stays_away_is_given_up_in_its_own_words() -> None:
    with pytest.raises(VidmeshError, match=r"Not now\."):
        await confirm(Service(*[grpc.StatusCode.UNAVAILABLE] * 4))


async def test_a_refusal_is_none_that_waiting_helps() -> None:
    service = Service(grpc.StatusCode.FAILED_PRECONDITION)
    with pytest.raises(VidmeshError):
        await confirm(service)
    assert service.numbers == []
