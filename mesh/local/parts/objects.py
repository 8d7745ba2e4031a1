"""SeaweedFS: a master, a filer and the S3 door in one process, the volumes in another.

Volumes in the first process would report to the master before it leads, one time in two, and again only five seconds
later; until then nothing can be written.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from mesh.local import binaries
from mesh.local.child import until_ready
from mesh.local.filer import choose_store, sync_buckets
from mesh.local.part import NotReady, Part, Probe, Stage, Step
from mesh.local.ports import LOOPBACK
from mesh.local.probes import PATIENCE, http_answers
from mesh.local.s3 import make_bucket
from mesh.local.volumes import index_again, lagging
from vidmesh.client.files import write_private

if TYPE_CHECKING:
    from mesh.local.plan import Plan

NAME = "objects"
VOLUMES = "volumes"

VOLUME_MEGABYTES = 1024
"""A bucket takes seven volumes at once; each grows to this size before another is begun."""

SOCKETS = Path("/tmp")  # noqa: S108 - where weed puts its gRPC sockets; it cannot be told otherwise


def objects_parts(plan: Plan) -> list[Part]:
    """The object store, unless the configuration names one that runs elsewhere."""
    if not plan.own_objects:
        return []
    identities = plan.data.run / "s3.json"
    write_private(identities, json.dumps(_identities(plan)))
    weed = str(binaries.find("weed"))
    return [
        Part(
            name=NAME,
            argv=(weed, *_server_arguments(plan, identities)),
            stage=Stage.FOUNDATION,
            port=plan.ports["s3"],
            env=_environment(plan),
            ready=_takes_objects(plan),
            before_start=_prepare(plan),
            after_stop=_remove_sockets(
                *(_grpc_socket(plan, kind) for kind in ("master", "filer", "s3")),
                *(_socket(plan, kind) for kind in ("filer", "s3")),
            ),
            # Its filer waits 15 s for streams that only its own S3 door holds; what was acknowledged is written.
            grace=1.5,
        ),
        Part(
            name=VOLUMES,
            argv=(weed, *_volume_arguments(plan)),
            stage=Stage.FOUNDATION,
            port=plan.ports["volume"],
            env=_environment(plan),
            ready=http_answers(f"http://{LOOPBACK}:{plan.ports['volume']}/healthz"),
            before_start=_prepare_volumes(plan),
            after_stop=_remove_sockets(_grpc_socket(plan, "volume")),
        ),
    ]


def _server_arguments(plan: Plan, identities: Path) -> list[str]:
    ports = plan.ports
    return [
        "-logtostderr=true",
        "server",
        f"-ip={LOOPBACK}",
        f"-ip.bind={LOOPBACK}",
        f"-dir={_meta(plan)}",
        f"-master.port={ports['master']}",
        f"-master.port.grpc={ports['master_grpc']}",
        "-master.telemetry=false",
        f"-master.volumeSizeLimitMB={VOLUME_MEGABYTES}",
        # The ports change from run to run, and a master that remembers itself under another address waits 15 s.
        "-master.resumeState=false",
        "-volume=false",
        "-filer",
        f"-filer.port={ports['filer']}",
        f"-filer.port.grpc={ports['filer_grpc']}",
        f"-filer.localSocket={_socket(plan, 'filer')}",
        # The filer's own rules are kept beside its entries, so that they are known before there is a volume.
        "-filer.saveToFilerLimit=1024",
        "-s3",
        f"-s3.port={ports['s3']}",
        f"-s3.port.grpc={ports['s3_grpc']}",
        f"-s3.config={identities}",
        f"-s3.localSocket={_socket(plan, 's3')}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.autoCreateBucket=false",
    ]


def _volume_arguments(plan: Plan) -> list[str]:
    return [
        "-logtostderr=true",
        "volume",
        f"-ip={LOOPBACK}",
        f"-ip.bind={LOOPBACK}",
        f"-port={plan.ports['volume']}",
        f"-port.grpc={plan.ports['volume_grpc']}",
        f"-dir={_volumes(plan)}",
        f"-master={LOOPBACK}:{plan.ports['master']}.{plan.ports['master_grpc']}",
        # As many as the disk has room for.
        "-max=0",
        "-minFreeSpace=1",
        "-preStopSeconds=0",
    ]


def _identities(plan: Plan) -> dict[str, object]:
    keys = {"accessKey": plan.settings.objects.access_key, "secretKey": plan.secrets.objects_secret_key}
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    return {"identities": [{"name": "vidmesh", "credentials": [keys], "actions": actions}]}


def _environment(plan: Plan) -> dict[str, str]:
    """Keys without which the filer and the volumes refuse other users of this machine; no settings of theirs."""
    key = plan.secrets.filer_key
    return {
        "HOME": str(plan.data.objects),
        "WEED_JWT_SIGNING_KEY": key,
        "WEED_JWT_FILER_SIGNING_KEY": key,
        "WEED_JWT_FILER_SIGNING_READ_KEY": key,
    }


def _takes_objects(plan: Plan) -> Probe:
    """Both buckets are there (they are made where they are not), and an object can be written, synced, and read."""

    itself = plan.settings.objects.model_copy(update={"endpoint": f"http://{LOOPBACK}:{plan.ports['s3']}"})

    async def probe() -> None:
        await sync_buckets(f"{LOOPBACK}:{plan.ports['filer']}", plan.secrets.filer_key, PATIENCE)
        for bucket in (itself.source_bucket, itself.media_bucket):
            await make_bucket(itself, bucket, PATIENCE)

    return probe


def _prepare_volumes(plan: Plan) -> Step:
    """Mends what a power cut has left, and waits for the master."""

    async def probe() -> None:
        import httpx

        url = f"http://{LOOPBACK}:{plan.ports['master']}/cluster/status"
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
                answer = (await client.get(url)).json()
        except (httpx.HTTPError, ValueError) as error:
            raise NotReady(str(error)) from error
        if not answer.get("IsLeader"):
            raise NotReady("the master does not lead yet")

    async def step() -> None:
        _volumes(plan).mkdir(mode=0o700, exist_ok=True)
        for index in lagging(_volumes(plan)):
            await index_again(binaries.find("weed"), index)
        await until_ready(probe)

    return step


def _prepare(plan: Plan) -> Step:
    """Chooses the filer's store, and removes what masters on other ports have left: a folder for each run."""

    async def step() -> None:
        _meta(plan).mkdir(mode=0o700, exist_ok=True)
        choose_store(plan.data.objects, _meta(plan))
        for folder in _meta(plan).glob("m[0-9]*"):
            shutil.rmtree(folder, ignore_errors=True)

    return step


def _remove_sockets(*sockets: Path) -> Step:
    """What weed leaves behind when it is killed."""

    async def step() -> None:
        for socket in sockets:
            socket.unlink(missing_ok=True)

    return step


def _grpc_socket(plan: Plan, kind: str) -> Path:
    return SOCKETS / f"seaweedfs-{kind}-grpc-{plan.ports[f'{kind}_grpc']}.sock"


def _socket(plan: Plan, kind: str) -> Path:
    """A Unix socket's path can have 104 bytes at most, which a data folder's may exceed."""
    return SOCKETS / f"seaweedfs-{kind}-{plan.ports[kind]}.sock"


def _meta(plan: Plan) -> Path:
    return plan.data.objects / "meta"


def _volumes(plan: Plan) -> Path:
    return plan.data.objects / "volumes"
