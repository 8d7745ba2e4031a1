"""NATS with JetStream."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mesh.local import binaries
from mesh.local.part import Part, Stage
from mesh.local.ports import LOOPBACK
from mesh.local.probes import nats_greets
from mesh.local.refusals import Refusals
from vidmesh.client.files import write_private

if TYPE_CHECKING:
    from mesh.local.plan import Plan

NAME = "bus"

# Every acknowledged message is on disk (sync_interval): NATS syncs every two minutes otherwise. The disk alone says how
# much there may be (max_file_store): three quarters of what is free at its start would be the limit for good otherwise.
CONFIGURATION = """\
# Written by `vidmesh up` at every start.
server_name: vidmesh
host: {host}
port: {port}
max_payload: 1MB
ping_interval: "10s"
ping_max: 2
authorization {{ user: vidmesh, password: {password} }}
jetstream {{ store_dir: {store}, sync_interval: always, max_file_store: 1PB }}
lame_duck_grace_period: 1s
lame_duck_duration: 30s
logtime_utc: true
"""


def bus_parts(plan: Plan) -> list[Part]:
    """The bus, unless the configuration names one that runs elsewhere."""
    if not plan.own_bus:
        return []
    file = plan.data.run / "nats.conf"
    write_private(
        file,
        CONFIGURATION.format(
            host=LOOPBACK,
            port=plan.ports["nats"],
            password=json.dumps(plan.secrets.bus_password),
            store=json.dumps(str(plan.data.bus)),
        ),
    )
    refusals = Refusals(plan.data.log(NAME), plan.data.bus)
    return [
        Part(
            name=NAME,
            argv=(str(binaries.find("nats-server")), "-c", str(file)),
            stage=Stage.FOUNDATION,
            port=plan.ports["nats"],
            ready=nats_greets(LOOPBACK, plan.ports["nats"]),
            before_start=refusals.forget,
            fit=refusals.none,
        )
    ]
