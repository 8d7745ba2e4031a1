"""Only what changes nothing when it is repeated is repeated, and only once."""

from __future__ import annotations

from typing import Any

import pytest
from cassandra import ConsistencyLevel
from cassandra.policies import RetryPolicy

from mesh.tables.cql_retries import Repeatable, Unrepeatable

AT = ConsistencyLevel.LOCAL_QUORUM


def answers(policy: RetryPolicy, number: int) -> list[tuple[Any, Any]]:
    """What the policy says to each kind of failure, asked as the driver asks."""
    replicas = {"required_responses": 2, "received_responses": 1}
    return [
        policy.on_read_timeout(None, retry_num=number, consistency=AT, data_retrieved=False, **replicas),
        policy.on_write_timeout(None, retry_num=number, consistency=AT, write_type=0, **replicas),
        policy.on_unavailable(None, retry_num=number, consistency=AT, required_replicas=2, alive_replicas=1),
        policy.on_request_error(None, AT, error=OSError(), retry_num=number),
    ]


def test_a_decision_is_never_repeated() -> None:
    assert answers(Unrepeatable(), 0) == [(RetryPolicy.RETHROW, None)] * 4


@pytest.mark.parametrize(
    ("number", "answer"), [(0, (RetryPolicy.RETRY_NEXT_HOST, AT)), (1, (RetryPolicy.RETHROW, None))]
)
def test_reads_and_blind_writes_are_repeated_once_elsewhere(number: int, answer: tuple[int, int | None]) -> None:
    assert answers(Repeatable(), number) == [answer] * 4
