"""Somebody who keeps calling while parts are away, and remembers every answer."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import cycle
from typing import Any

import httpx

from gateway.config.routing import GRACE
from gateway.routes import route_table
from mesh.policy import all_methods, descriptor_set
from tests.e2e.people import Person, somebody
from tests.e2e.stacks import Stack

AWAY = frozenset({429, 503, 504})
"""RESOURCE_EXHAUSTED, UNAVAILABLE and DEADLINE_EXCEEDED as HTTP says them."""

SLACK = 1.5
"""Seconds beyond its limit in which an answer still counts as in time: this machine does other things too."""

PATIENCE = 100.0
"""Seconds after which an answer is not waited for any more; longer than any may take here."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one call."""

    method: str
    status: int
    seconds: float
    limit: float
    text: str

    @property
    def in_time(self) -> bool:
        return self.seconds <= self.limit + SLACK

    @property
    def fits(self) -> bool:
        """It worked, or it says that something is away."""
        return self.status == 200 or self.status in AWAY


@cache
def _limits() -> list[tuple[str, re.Pattern[str], str, float]]:
    found: list[tuple[str, re.Pattern[str], str, float]] = []
    for route in route_table(all_methods(), descriptor_set()).routes:
        if route.timeout is None:
            continue
        limit = (route.timeout + GRACE).total_seconds()
        for binding in route.bindings:
            path = re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/:]+", re.escape(binding.template)))
            found.append((binding.verb, path, route.grpc_path, limit))
    return found


def limit_of(verb: str, path: str) -> tuple[str, float]:
    """The method behind a JSON call, and the seconds in which the edge has to answer it."""
    for binding, pattern, method, limit in _limits():
        if binding == verb and pattern.fullmatch(path):
            return method, limit
    raise LookupError(f"{verb} {path} is no call")


@dataclass(slots=True)
class Asker:
    """Calls one method after the other; `check` says whether all of it was as it should be."""

    person: Person
    video_id: str
    """A video of theirs that is processed and public."""
    extra: float = 0
    """Seconds that are granted to every answer besides its limit."""
    answers: list[Answer] = field(default_factory=list[Answer])
    _made: dict[str, str] = field(default_factory=dict[str, str])
    """Uploads that were acknowledged, by request id; empty where it is not known what became of one."""
    _title: str = ""
    _ending: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def begin(self) -> None:
        self._thread = threading.Thread(target=self._run, name="asker", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ending.set()
        assert self._thread is not None
        self._thread.join(PATIENCE + 10)
        assert not self._thread.is_alive(), "a call is not answered at all"

    def check(self) -> None:
        """Every answer came in time and was no defect; what was acknowledged is there."""
        late = [answer for answer in self.answers if not answer.in_time]
        assert not late, late
        unfit = [answer for answer in self.answers if not answer.fits]
        assert not unfit, unfit
        for request_id, upload_id in self._made.items():
            again = self._create(request_id)
            assert again.status_code == 200, again.text
            assert again.json()["upload"]["upload_id"] == upload_id, "one request made two uploads"
            self.person.post(f"/v1/uploads/{upload_id}:abort", {}).raise_for_status()
        if self._title:
            video = self.person.get(f"/v1/videos/{self.video_id}").raise_for_status().json()["video"]
            assert video["title"] == self._title, "an acknowledged edit is lost"

    def _run(self) -> None:
        video = f"/v1/videos/{self.video_id}"
        calls: tuple[Callable[[], object], ...] = (
            lambda: self._ask("GET", video),
            self._begin_upload,
            lambda: self._ask("GET", f"{video}/playback"),
            self._retitle,
            lambda: self._ask("GET", f"{video}/processing"),
            lambda: self._ask("GET", "/v1/accounts/me/channels"),
            lambda: self._ask("GET", f"/v1/channels/{self.person.channel_id}/videos"),
        )
        for call in cycle(calls):
            call()
            if self._ending.wait(0.15):
                return

    def _ask(self, verb: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Answer:
        method, limit = limit_of(verb, path)
        begun = time.monotonic()
        try:
            got = self.person.edge.request(verb, path, json=body, params=query)
            status, text = got.status_code, got.text
        except httpx.TransportError as error:
            status, text = 0, repr(error)
        answer = Answer(method, status, time.monotonic() - begun, limit + self.extra, text)
        self.answers.append(answer)
        return answer

    def _begin_upload(self) -> None:
        request_id = str(uuid.uuid4())
        answer = self._ask("POST", "/v1/uploads", self._upload(request_id))
        if answer.status == 200:
            self._made[request_id] = httpx.Response(200, text=answer.text).json()["upload"]["upload_id"]

    def _retitle(self) -> None:
        title = f"Title {len(self.answers)}"
        answer = self._ask("PATCH", f"/v1/videos/{self.video_id}", {"title": title}, update_mask="title")
        # Without an answer it is not known which of the two it is.
        self._title = title if answer.status == 200 else ""

    def _create(self, request_id: str) -> httpx.Response:
        return self.person.post("/v1/uploads", self._upload(request_id))

    def _upload(self, request_id: str) -> dict[str, Any]:
        return {
            "request_id": request_id,
            "channel_id": self.person.channel_id,
            "size_bytes": "1000",
            "filename": "a.mp4",
            "video": {"title": "Nothing is sent of it"},
        }


@contextmanager
def asking_person(stack: Stack) -> Generator[Person]:
    """Somebody new who waits for answers as long as any may take."""
    person = somebody(stack)
    person.edge.timeout = httpx.Timeout(PATIENCE)
    with closing(person.edge):
        yield person
