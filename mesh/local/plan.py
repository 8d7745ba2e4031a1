"""Everything that is decided before the first process starts: data, configuration, ports, secrets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mesh.config import ConfigurationError, Settings, load_settings, read_values, settings_of
from mesh.keyring import KeyRing
from mesh.local import exposure, ports, setup_code, toml
from mesh.local.datadir import DataDir, data_folder
from mesh.local.errors import StackError
from mesh.local.secrets import Secrets, load_or_make
from mesh.local.values import plain
from vidmesh.client.files import write_private

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mesh.local.control import UpOptions

SERVICES = ("svc_social", "svc_upload", "svc_transcode", "svc_playback")
GATEWAY = "gateway"
INTERNAL = ("nats", "master", "master_grpc", "volume", "volume_grpc", "filer", "filer_grpc", "s3", "s3_grpc", "admin")
BUS, OBJECTS = "bus", "objects"


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

    Raises `StackError` where the edge's port is taken, the configuration does not fit, or others could do harm.
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

    values: dict[str, Any] = plain(given)
    values["data"] = str(data.root)
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
    settings = _settings(values)
    exposure.check(settings)
    for name in ("tls_certificate", "tls_key"):
        # The parts run in a folder of their own.
        values["edge"][name] = values["edge"][name] and str(settings.file(values["edge"][name]).absolute())
    if exposure.is_reachable(settings):
        values["identity"]["setup_code"] = values["identity"]["setup_code"] or setup_code.load_or_make(data.secrets)
    write_private(data.config_file, "# Written by `vidmesh up` at every start; holds secrets.\n" + toml.dump(values))
    settings = _settings(read_values(data.config_file))
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
    shown = f"[{host}]" if ":" in host else host
    url = options.public_url or edge["public_url"]
    if not url and host not in exposure.EVERYWHERE:
        url = f"{'https' if edge['tls_certificate'] else 'http'}://{shown}:{port}"
    edge |= {"host": host, "port": port, "public_url": str(url).rstrip("/")}


def _settings(values: Mapping[str, Any]) -> Settings:
    """The configuration as the parts will read it: without this process's variables, which the values hold already."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("VIDMESH_")}
    try:
        return settings_of(values)
    except ConfigurationError as error:
        raise StackError(str(error)) from error
    finally:
        os.environ.update(kept)
