"""The cookies of sign-ins."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mesh.cookies import cookie_names, cookie_value, set_cookie, takes_access_cookie
from mesh.policy import all_methods


@pytest.mark.parametrize(
    ("url", "access", "secure"),
    [
        ("", "vidmesh_access", False),
        ("http://127.0.0.1:8080", "vidmesh_access", False),
        ("https://video.example.org", "__Host-vidmesh_access", True),
        ("HTTPS://video.example.org", "__Host-vidmesh_access", True),
    ],
)
def test_by_https_a_cookie_is_of_its_host_alone(url: str, access: str, secure: bool) -> None:
    names = cookie_names(url)
    assert (names.access, names.secure) == (access, secure)
    assert names.refresh == access.replace("access", "refresh")


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        ((), ""),
        (("a=1; vidmesh_access=xyz; b=2",), "xyz"),
        (("a=1", "vidmesh_access=xyz"), "xyz"),
        (("vidmesh_access=first; vidmesh_access=second",), "first"),
        (('vidmesh_access="xyz"',), "xyz"),
        (("vidmesh_access=a=b",), "a=b"),
        (("xvidmesh_access=1; vidmesh_access_=2; vidmesh_access",), ""),
        (("VIDMESH_ACCESS=1",), ""),
    ],
)
def test_a_cookie_is_found_by_its_exact_name(headers: tuple[str, ...], value: str) -> None:
    assert cookie_value(headers, "vidmesh_access") == value


def test_a_cookie_is_hidden_from_scripts_and_from_forms_of_other_sites() -> None:
    plain = set_cookie("n", "v", timedelta(seconds=90), secure=False)
    assert plain == "n=v; Path=/; Max-Age=90; HttpOnly; SameSite=Lax"
    assert set_cookie("n", "v", timedelta(seconds=90), secure=True) == f"{plain}; Secure"


def test_an_ended_cookie_does_not_stand_in_the_way_of_signing_in() -> None:
    without = {
        name.rpartition("/")[2]
        for name, method in all_methods().items()
        if method.policy is not None and not takes_access_cookie(method.policy)
    }
    assert without == {"SignUp", "SignIn", "Refresh", "SignOut", "ResetPassword"}
