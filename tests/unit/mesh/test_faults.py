"""What a caller is told must arrive: trailers that are too long reach nobody."""

from __future__ import annotations

import pytest

from mesh.errors import SENTENCE_BYTES, VALUE_BYTES, invalid_field, not_found
from mesh.statuses import status_of
from vidmesh.common.v1.error_reason_pb2 import ErrorReason

MISSING = ErrorReason.ERROR_REASON_JOB_NOT_FOUND


@pytest.mark.parametrize(
    "word", ["x" * 70_000, "é" * 70_000, "a" + "💥" * 70_000], ids=["1 byte", "2 bytes", "4 bytes"]
)
def test_a_fault_that_quotes_very_long_words_of_the_caller_fits_into_trailers(word: str) -> None:
    fault = not_found(MISSING, f"There is no job {word}.", job_id=word)

    assert len(fault.sentence.encode()) <= SENTENCE_BYTES
    assert len(fault.metadata["job_id"].encode()) <= VALUE_BYTES
    assert fault.sentence.endswith("…")
    assert fault.sentence.removesuffix("…") in f"There is no job {word}."
    assert status_of(fault).ByteSize() < 1_000


def test_what_is_short_enough_is_told_as_it_was_written() -> None:
    sentence = "x" * SENTENCE_BYTES

    assert not_found(MISSING, sentence, job_id="é" * (VALUE_BYTES // 2)).sentence == sentence
    assert not_found(MISSING, "", job_id="é" * (VALUE_BYTES // 2)).metadata == {"job_id": "é" * (VALUE_BYTES // 2)}


def test_what_is_wrong_with_the_request_itself_is_told_without_the_name_of_a_field() -> None:
    assert invalid_field("title", "It is too long.").sentence == "title: It is too long."
    assert invalid_field("", "It is no message.").sentence == "It is no message."
