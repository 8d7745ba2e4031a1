"""The checks behind `vidmesh doctor`."""

from __future__ import annotations

import json
import os
import platform
import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mesh.certificates import Certificate, CertificateFiles
from mesh.config import ConfigurationError, load_settings
from mesh.confinement.confine import Held
from mesh.local import binaries, exposure, ports
from mesh.local.datadir import DataDir
from mesh.local.errors import StackError
from mesh.local.state import running_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mesh.config import Settings

PLATFORMS = {("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "arm64")}
OLDEST_GLIBC = (2, 31)
LITTLE_DISK = 5 * 10**9
TOO_LITTLE_DISK = 5 * 10**8
OPEN_FILES = 4096
VERSION_ARGUMENTS = {"nats-server": "--version", "weed": "version", "envoy": "--version"}


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `advice` says what to do about it, and is empty when nothing is to be done."""

    name: str
    level: Literal["ok", "warn", "fail"]
    finding: str
    advice: str = ""


def diagnose(data: Path, config: Path | None) -> list[Check]:
    """Every check, in the order in which one would mend things."""
    return [
        _python(),
        _platform(),
        *_libc(),
        *(_programme(name) for name in binaries.WHEELS),
        _disk(data),
        _data(data),
        _configuration(data, config),
        *_exposure(config),
        _open_files(),
        *_confinement(),
        workers_check(_profile(config)),
    ]


def _python() -> Check:
    return Check("python", "ok", f"{platform.python_version()} at {sys.executable}")


def _platform() -> Check:
    here = (platform.system(), platform.machine())
    if here in PLATFORMS:
        return Check("platform", "ok", " ".join(here))
    return Check("platform", "warn", " ".join(here), "tried on Linux x86_64 and arm64 and on macOS arm64 only")


def _libc() -> Iterator[Check]:
    if platform.system() != "Linux":
        return
    name, version = platform.libc_ver()
    parts = version.split(".")
    number = tuple(int(part) for part in parts[:2]) if all(part.isdigit() for part in parts) else ()
    if name == "glibc" and number >= OLDEST_GLIBC:
        yield Check("libc", "ok", f"glibc {version}")
    else:
        found = f"{name} {version}".strip() or "not glibc"
        yield Check("libc", "fail", found, "use a distribution with glibc 2.31 or newer: the wheels are built for it")


def _programme(name: str) -> Check:
    try:
        path = binaries.find(name)
    except StackError as error:
        return Check(name, "fail", "not installed", str(error))
    try:
        done = subprocess.run(  # noqa: S603
            [str(path), VERSION_ARGUMENTS[name]], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(name, "fail", f"{path} does not run: {error}", "install the wheel for this platform anew")
    said = " ".join((done.stdout or done.stderr).split())
    if done.returncode != 0:
        return Check(name, "fail", f"{path} ends with {done.returncode}: {said[-200:]}", "install its wheel anew")
    return Check(name, "ok", said.removeprefix(f"{path} ").removeprefix("version:").strip()[:80])


def _disk(data: Path) -> Check:
    there = next(folder for folder in (data, *data.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    finding = f"{free / 1e9:.1f} GB free at {there}"
    if free < TOO_LITTLE_DISK:
        return Check("disk", "fail", finding, "free some space, or name a folder on another disk by --data")
    if free < LITTLE_DISK:
        return Check("disk", "warn", finding, "a video takes about three times its own size while it is made")
    return Check("disk", "ok", finding)


def _data(data: Path) -> Check:
    if not data.exists():
        above = next(folder for folder in data.parents if folder.exists())
        if os.access(above, os.W_OK):
            return Check("data", "ok", f"{data} will be made")
        return Check("data", "fail", f"{above} cannot be written to", "name another folder by --data")
    try:
        DataDir(data).check()
    except StackError as error:
        return Check("data", "fail", str(error), "name another folder by --data")
    return Check("data", "ok", str(data))


def _configuration(data: Path, config: Path | None) -> Check:
    try:
        edge = load_settings(config).edge
    except ConfigurationError as error:
        return Check("configuration", "fail", " ".join(str(error).split()), "mend the file or the variable")
    where = f"{edge.host}:{edge.port}"
    state = running_state(DataDir(data))
    if state is not None:
        return Check("port", "ok", f"a stack runs on this data: {state.edge_url}")
    if edge.port == 0 or ports.is_free(edge.host, edge.port):
        return Check("port", "ok", f"{where} is free")
    return Check("port", "warn", f"{where} is taken or may not be used", "start with --port 0, or --port and another")


def _exposure(config: Path | None) -> Iterator[Check]:
    """Who can reach the edge as it is configured, and what `up` would refuse."""
    try:
        settings = load_settings(config)
    except ConfigurationError:
        return
    found = list(exposure.problems(settings))
    edge = settings.edge
    for problem in found:
        yield Check("reach", "fail", problem, "up refuses to start like this; an edge that runs goes on as it is")
    if found:
        return
    if edge.tls and (concern := _certificate(settings).concern(datetime.now(UTC))):
        yield Check("certificate", "warn", concern, "put the renewed pair in its place: nothing has to be restarted")
    if not exposure.is_reachable(settings):
        yield Check("reach", "ok", "this machine alone")
    elif edge.tls:
        yield Check(
            "reach",
            "ok",
            f"other machines, by TLS; the certificate is good until {_certificate(settings).expires:%Y-%m-%d}",
        )
    elif edge.trusted_proxies:
        yield Check("reach", "ok", "other machines, through a proxy of yours that is to end TLS")
    elif edge.insecure:
        advice = "passwords and videos can be read on the way: set edge.tls_certificate and edge.tls_key"
        yield Check("reach", "warn", "other machines, without TLS", advice)
    else:
        advice = "set edge.trusted_proxies = 1, else all viewers count as one in the limits"
        yield Check("reach", "warn", f"{edge.public_url}, by something on this machine that passes calls on", advice)


def _certificate(settings: Settings) -> Certificate:
    files = CertificateFiles.of_edge(settings)
    if files is None:
        raise ConfigurationError("The edge speaks no TLS.")
    return files.read()


def _open_files() -> Check:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY or most >= OPEN_FILES:
        return Check("open files", "ok", "no limit" if most == resource.RLIM_INFINITY else f"up to {most}")
    return Check("open files", "warn", f"up to {most} a process", f"raise the hard limit (ulimit -Hn) to {OPEN_FILES}")


def _profile(config: Path | None) -> str:
    try:
        return load_settings(config).transcode.profile
    except ConfigurationError:
        return ""  # which has a check of its own


def workers_check(profile: str) -> Check:
    """What workers here can do, by trying it as they do; `profile` is `transcode.profile`, "" where nobody knows."""
    words = ("--profile", profile) if profile else ()
    done = subprocess.run(  # noqa: S603 (our own programme)
        [sys.executable, "-m", "svc_transcode.worker.checking", *words],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["cannot be tried"]
        advice = "see transcode.profile, and whether vidmesh[server] is installed"
        return Check("workers", "warn", lines[-1][-200:], advice)
    found = json.loads(done.stdout)
    return Check("workers", "warn" if found["advice"] else "ok", found["finding"], found["advice"])


def _confinement() -> Iterator[Check]:
    """How far media code is locked in here, by trying it; `up` works all the same."""
    if platform.system() != "Linux":
        advice = "run workers on Linux where strangers may upload"
        yield Check("confinement", "warn", "media code is limited by rlimits alone", advice)
        return
    done = subprocess.run(
        [sys.executable, "-m", "mesh.confinement"], capture_output=True, text=True, timeout=20, check=False
    )
    if done.returncode != 0:
        yield Check("confinement", "warn", "cannot be tried", done.stderr.strip()[-200:])
        return
    yield confinement_check(Held(**json.loads(done.stdout)), root=os.getuid() == 0)


def confinement_check(held: Held, *, root: bool) -> Check:
    """What media code is kept from where this much held; `root` says who tried it, as workers run by the same user."""
    few = "any number of threads and processes "
    few += "(workers of root are held to none)" if root else "(no user namespaces, or a kernel older than 5.14)"
    missing = [
        *([] if held.files else ["files (the kernel's Landlock is off, or older than 5.13)"]),
        *([] if held.network else ["network" + (" but for TCP" if held.tcp else "") + " (no user namespaces)"]),
        *([] if held.tasks else [few]),
    ]
    if not missing:
        return Check("confinement", "ok", "media code has no network, no files but its own, and few processes")
    kernel = not (held.files and held.network and (held.tasks or root))
    ways = [
        *(["allow it (in a container, by its seccomp profile)"] if kernel else []),
        *(["run workers by an account of their own"] if root else []),
    ]
    advice = f"{', and '.join(ways)} where strangers may upload; up works all the same"
    return Check("confinement", "warn", f"media code is not kept from: {', '.join(missing)}", advice)
