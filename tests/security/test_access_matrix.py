"""Every method, called by everybody, about everything, through every face: the answer is the one that the contract's
policy gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from google.protobuf.message import Message

from mesh.policy import Method, all_methods
from tests.security.matrix.faces import Faces, Outcome, binding_of
from tests.security.matrix.requests import ROWS
from tests.security.matrix.rows import Row
from tests.security.matrix.rules import ALLOWED, Subject, Verdict, expected
from tests.security.matrix.scene import Caller, Scene
from vidmesh.options.v1.options_pb2 import Access, Scope

pytestmark = pytest.mark.timeout(300)

Call = Callable[[Method, Message, Mapping[str, str]], Outcome]


def test_every_method_of_the_contracts_has_a_row() -> None:
    assert set(all_methods()) == set(ROWS)


@pytest.mark.parametrize("name", all_methods())
def test_a_method_answers_each_caller_as_its_policy_says(scene: Scene, faces: Faces, name: str) -> None:
    method, row = all_methods()[name], ROWS[name]
    assert method.policy is not None
    wrong: dict[str, str] = {}
    calls = 0
    for caller in scene.callers(method.policy.scope):
        for subject in row.subjects or (None,):
            for face, call in _faces(faces, method):
                came, right = _asked(scene, method, row, caller, subject, call)
                calls += 1
                if came != right:
                    about = f" about the {subject.name}" if subject else ""
                    wrong[f"{caller.standing.name}{about} by {face}"] = f"{came}, not {right}"
    assert not wrong
    assert calls


def _faces(faces: Faces, method: Method) -> Iterator[tuple[str, Call]]:
    yield "gRPC", faces.grpc
    if binding_of(method.name) is not None:
        yield "JSON", faces.json
    else:
        yield "gRPC-web", faces.web


def _asked(
    scene: Scene, method: Method, row: Row, caller: Caller, subject: Subject | None, call: Call
) -> tuple[str, str]:
    """What came, and what should have."""
    assert method.policy is not None
    identifier = ""
    if subject is not None:
        if row.fresh and subject not in scene.ids:
            scene.ids[subject] = row.fresh(scene)
        identifier = scene.ids[subject]
    leaves_out = row.shows is not None
    right = expected(
        method.policy, caller.standing, None if leaves_out else subject, uses=row.uses, administered=row.administered
    )
    came = call(method, row.build(scene, caller, identifier), caller.headers)
    if came.code == "OK" and subject:
        if row.afterwards:
            row.afterwards(scene, subject)
        if row.fresh:
            del scene.ids[subject]
    if row.shows is None or subject is None or right != ALLOWED or came.code != "OK":
        return _told(came, row, right), str(right)
    shown = row.shows(_answer(came), identifier)
    should = row.whom(caller.standing, subject)
    return _shown(shown), _shown(should)


def _told(came: Outcome, row: Row, right: Verdict) -> str:
    if came.code == "OK" or (right == ALLOWED and came.reason in row.business):
        return str(ALLOWED)
    return str(came)


def _answer(came: Outcome) -> Any:
    assert came.answer is not None
    return came.answer


def _shown(shown: bool) -> str:
    return "shown" if shown else "left out"


def test_a_method_for_services_has_no_face_of_any_kind(faces: Faces, scene: Scene) -> None:
    hidden = [m for m in all_methods().values() if m.policy and m.policy.access == Access.ACCESS_SERVICE]
    assert len(hidden) >= 10
    for method in hidden:
        assert binding_of(method.name) is None, method.name
        request = ROWS[method.name].build(scene, scene.callers(Scope.SCOPE_UNSPECIFIED)[0], "AAAAAAAAAAA")
        assert str(faces.web(method, request, {})) == "UNIMPLEMENTED NO_SUCH_METHOD", method.name
