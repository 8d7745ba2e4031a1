"""A client that repeats what may be repeated, while parts of the installation die and come back."""

from __future__ import annotations

import re
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

PASSING = frozenset({408, 409, 429, 499, 502, 503, 504})
"""What an installation may answer while a part of it is away, or while two changes meet. 500 is not among them: an
INTERNAL error is a defect whatever died.
"""

PAUSE = 0.2
RETRY_DELAY = re.compile(r'"retry_?[dD]elay": ?"([0-9.]+)s"')

PATIENCE = 90.0
"""Seconds after which a call counts as stuck."""


class RefusedError(Exception):
    """An answer that stays as it is however often one asks."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls an edge as JSON, as one account or as nobody."""

    edge: httpx.Client

    @classmethod
    @contextmanager
    def at(cls, edge_url: str, token: str = "") -> Generator[Caller]:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        with httpx.Client(base_url=edge_url, headers=headers, timeout=10, trust_env=False) as edge:
            yield cls(edge)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> dict[str, Any]:
        """The answer, however often it takes to get one. Raises for a refusal, or when patience ends."""
        answer = self.send(method, path, json=body, params=query)
        if answer.is_error:
            raise RefusedError(f"{method} {path}: {answer.status_code}: {answer.text[:1000]}")
        return answer.json()

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """The first answer that does not pass by itself."""
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self.edge.request(method, path, **request)
            except httpx.TransportError as error:
                last, pause = f"{type(error).__name__}: {error}", PAUSE
            else:
                if answer.status_code not in PASSING:
                    return answer
                last = f"{answer.status_code}: {answer.text[:300]}"
                pause = _asked_to_wait(answer)
            if time.monotonic() > give_up:
                raise TimeoutError(f"{method} {path} is stuck: {last}")
            time.sleep(pause)


def _asked_to_wait(answer: httpx.Response) -> float:
    """Seconds until the next try: those of the answer's RetryInfo, where it has one."""
    told = RETRY_DELAY.search(answer.text)
    return float(told[1]) if told else PAUSE
