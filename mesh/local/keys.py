"""`vidmesh keys list`, `vidmesh keys rotate`."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mesh.config import Settings, load_settings
from mesh.grants import PICTURE_LIFETIME_MAX
from mesh.identity import API_TOKEN_LIFETIME_MAX, LEEWAY
from mesh.key_files import replace_keys
from mesh.key_rotation import KeyState, UnderWay, replaced, rotated, state_of
from mesh.keyring import KeyFileError, KeyRing
from mesh.local.datadir import DataDir, data_folder
from mesh.local.errors import StackError
from mesh.local.last_settings import last_settings

if TYPE_CHECKING:
    import argparse


LINE: Final = "{:<7} {:<43} {:<10} {:<26} {}"


@dataclass(frozen=True, slots=True)
class Ring:
    """Keys of one kind."""

    name: str
    path: Path
    longest: timedelta
    """How long the longest token lives that they sign."""


def run(args: argparse.Namespace) -> int:
    rings = _rings(_settings(args.config, args.data))
    try:
        if args.action == "rotate":
            _rotate(rings[args.ring], args)
        _show([rings[args.ring]] if args.action == "rotate" else list(rings.values()), as_json=args.json)
    except KeyFileError as error:
        raise StackError(str(error)) from error
    return 0


def _settings(config: Path | None, data: Path | None) -> Settings:
    if config is not None:
        return load_settings(config)
    return last_settings(DataDir(data_folder(data)), "name a configuration by --config")


def _rings(settings: Settings) -> dict[str, Ring]:
    access = max(API_TOKEN_LIFETIME_MAX, settings.identity.access_token_lifetime) + LEEWAY
    grants = max(settings.playback.grant_lifetime_max, PICTURE_LIFETIME_MAX) + LEEWAY
    return {
        "access": Ring("access", settings.file(settings.identity.access_key_file), access),
        "grants": Ring("grants", settings.file(settings.playback.grant_key_file), grants),
    }


def _rotate(ring: Ring, args: argparse.Namespace) -> None:
    if args.after < 0:
        raise StackError("A key cannot have begun to sign in the past: give --after 0 or more")
    with _alone(ring.path):
        now = time.time()
        try:
            after = timedelta(seconds=args.after)
            kept = KeyRing.load(ring.path)
            replace_keys(ring.path, replaced(now) if args.leaked else rotated(kept, now, after, ring.longest))
        except UnderWay:
            raise StackError("A new key is published already and signs soon: `vidmesh keys list` says when") from None


@contextmanager
def _alone(path: Path) -> Generator[None]:
    """Two commands at once would each lose the other's key."""
    try:
        descriptor = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        raise StackError(f"Cannot read the folder {path.parent}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _show(rings: list[Ring], *, as_json: bool) -> None:
    now = time.time()
    told = {ring.name: _described(KeyRing.load(ring.path), now) for ring in rings}
    if as_json:
        sys.stdout.write(json.dumps(told, indent=1) + "\n")
        return
    lines = [LINE.format("KEYS", "ID", "STATE", "SIGNS FROM", "BELIEVED UNTIL")]
    lines += [
        LINE.format(name, key["kid"], key["state"], key["sign_from"] or "-", key["retire_at"] or "-")
        for name, keys in told.items()
        for key in keys
    ]
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in lines)


def _described(ring: KeyRing, now: float) -> list[dict[str, str]]:
    return [
        {
            "kid": key.kid,
            "state": state_of(ring, key, now).name.lower(),
            "sign_from": _time(key.sign_from),
            "retire_at": _time(key.retire_at),
        }
        for key in ring.keys
        if state_of(ring, key, now) is not KeyState.RETIRED
    ]


def _time(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
