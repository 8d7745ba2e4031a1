"""Everything that is decided before the first process starts: data, configuration, ports, secrets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mesh.config import ConfigurationError, Settings, load_settings
from mesh.keyring import KeyRing
from mesh.local import ports, toml
from mesh.local.datadir import DataDir, data_folder
from mesh.local.errors import StackError
from mesh.local.secrets import Secrets, load_or_make
from mesh.local.values import plain
from vidmesh.client.files import write_private

if TYPE_CHECKING:
    from mesh.local.control import UpOptions

SERVICES = ("svc_social", "svc_upload", "svc_transcode", "svc_playback")
GATEWAY = "gateway"
INTERNAL = ("nats", "master", "master_grpc", "volume", "volume_grpc", "filer", "filer_grpc", "s3", "s3_grpc", "admin")
BUS, OBJECTS = "bus", "objects"
LOOPBACK_NAMES = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run of the stack goes by. `settings` is what the parts read from `data.config_file`."""

    data: DataDir
    settings: Settings
    secrets: Secrets
    ports: dict[str, int]
    workers: int
    own_bus: bool
    """False where the configuration names a NATS of its own."""
    own_objects: bool
    """False where the configuration names an S3 of its own; its buckets must exist."""

    @property
    def edge_url(self) -> str:
        return self.settings.edge.public_url


def make_plan(options: UpOptions) -> Plan:
    """Decides, and writes the configuration of the parts. The data folder is prepared and locked already.

    Raises `StackError` where the edge's port is taken or the configuration does not fit.
    """
    given = load_settings(options.config)
    data = DataDir(data_folder(options.data))
    secrets = load_or_make(data.secrets / "stack.json")
    chosen: dict[str, int] = dict(
        zip((*INTERNAL, GATEWAY, *SERVICES, "edge"), ports.reserve(len(INTERNAL) + 6), strict=True)
    )
    own_bus = BUS in given.listen or not given.bus.url
    own_objects = OBJECTS in given.listen or not given.objects.endpoint
    chosen |= _listening(given)

    values: dict[str, dict[str, object]] = plain(given)  # type: ignore[assignment]
    values["data"] = str(data.root)  # type: ignore[assignment]
    values["services"] = {
        name: given.services.get(name) or f"{ports.LOOPBACK}:{chosen[name]}" for name in (GATEWAY, *SERVICES)
    }
    _fill_edge(values["edge"], options, chosen["edge"])
    values["identity"]["service_secret"] = values["identity"]["service_secret"] or secrets.service_secret
    values["identity"]["sealing_secret"] = values["identity"]["sealing_secret"] or secrets.sealing_secret
    if own_bus:
        reached = given.bus.url.rpartition("//")[2] or f"{ports.LOOPBACK}:{chosen['nats']}"
        values["bus"]["url"] = f"nats://vidmesh:{secrets.bus_password}@{reached}"
    if own_objects:
        values["objects"] |= {
            "endpoint": given.objects.endpoint or f"http://{ports.LOOPBACK}:{chosen['s3']}",
            "access_key": secrets.objects_access_key,
            "secret_key": secrets.objects_secret_key,
        }
    workers = options.workers if options.workers is not None else given.transcode.workers
    if workers < 0:
        raise StackError("There cannot be fewer than no workers")
    write_private(data.config_file, "# Written by `vidmesh up` at every start; holds secrets.\n" + toml.dump(values))
    settings = _settings_of(data.config_file)
    KeyRing.load_or_create(settings.file(settings.playback.grant_key_file))
    return Plan(
        data=data,
        settings=settings,
        secrets=secrets,
        ports=chosen,
        workers=workers or max(1, (os.cpu_count() or 2) - 1),
        own_bus=own_bus,
        own_objects=own_objects,
    )


def _listening(given: Settings) -> dict[str, int]:
    """The ports of `[listen]`, by the names that this module has for them."""
    names = {name: name for name in (GATEWAY, *SERVICES)} | {BUS: "nats", OBJECTS: "s3"}
    if unknown := given.listen.keys() - names.keys():
        raise StackError(f"listen.{min(unknown)}: there is no such part; there are {', '.join(names)}")
    return {names[name]: port for name, port in given.listen.items()}


def _fill_edge(edge: dict[str, object], options: UpOptions, free_port: int) -> None:
    host = str(options.host or edge["host"])
    port = int(str(edge["port"])) if options.port is None else options.port
    if port == 0:
        port = free_port
    elif not ports.is_free(host, port):
        raise StackError(
            f"Port {port} on {host} is taken or may not be used: name another by --port, or --port 0 for any free one"
        )
    # An address that listens everywhere is none that a viewer can open.
    shown = ports.LOOPBACK if host in ("0.0.0.0", "::") else host  # noqa: S104
    shown = f"[{shown}]" if ":" in shown else shown
    edge |= {"host": host, "port": port, "public_url": edge["public_url"] or f"http://{shown}:{port}"}


def _settings_of(file: Path) -> Settings:
    """The configuration exactly as the parts will read it: their VIDMESH_* variables are taken away."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("VIDMESH_")}
    try:
        return load_settings(file)
    except ConfigurationError as error:
        raise StackError(str(error)) from error
    finally:
        os.environ.update(kept)
