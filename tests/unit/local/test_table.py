from __future__ import annotations

from pathlib import Path

import pytest

from mesh.local.control import UpOptions
from mesh.local.datadir import DataDir
from mesh.local.errors import StackError
from mesh.local.part import Stage
from mesh.local.plan import GATEWAY, SERVICES, Plan, make_plan
from mesh.local.table import process_table


@pytest.fixture
def options(tmp_path: Path) -> UpOptions:
    DataDir(tmp_path / "data").prepare()
    return UpOptions(data=tmp_path / "data", port=0, workers=3)


def plan_with(options: UpOptions, tmp_path: Path, text: str) -> Plan:
    config = tmp_path / "mine.toml"
    config.write_text(text, encoding="utf-8")
    return make_plan(UpOptions(data=options.data, port=0, workers=3, config=config))


def test_every_need_names_a_part_that_stops_later(options: UpOptions) -> None:
    parts = {part.name: part for part in process_table(make_plan(options))}
    for part in parts.values():
        for need in part.needs:
            assert parts[need].stage > part.stage


def test_the_edge_stops_first_and_what_holds_data_last(options: UpOptions) -> None:
    stages = {part.name: part.stage for part in process_table(make_plan(options))}
    assert stages["bus"] == stages["objects"] == max(Stage)
    assert stages.get("edge", min(Stage)) == min(Stage)


def test_no_two_parts_share_a_port_and_all_but_the_edge_are_on_loopback(options: UpOptions) -> None:
    plan = make_plan(options)
    assert len(set(plan.ports.values())) == len(plan.ports)
    assert set(plan.settings.services) == {GATEWAY, *SERVICES}
    assert all(address.startswith("127.0.0.1:") for address in plan.settings.services.values())


def test_no_secret_stands_on_a_command_line(options: UpOptions) -> None:
    plan = make_plan(options)
    hidden = [plan.secrets.bus_password, plan.secrets.objects_secret_key, plan.secrets.filer_key]
    for part in process_table(plan):
        assert not [secret for secret in hidden if any(secret in word for word in part.argv)]


def test_an_object_store_and_a_bus_of_ones_own_are_used_and_not_started(options: UpOptions, tmp_path: Path) -> None:
    text = '[objects]\nendpoint = "https://s3.example"\naccess_key = "mine"\n[bus]\nurl = "nats://bus.example"\n'
    plan = plan_with(options, tmp_path, text)
    assert plan.settings.objects.access_key == "mine"
    assert plan.settings.bus.url == "nats://bus.example"
    assert not {"bus", "objects", "volumes"} & {part.name for part in process_table(plan)}


def test_a_public_address_that_is_configured_is_kept(options: UpOptions, tmp_path: Path) -> None:
    plan = plan_with(options, tmp_path, '[edge]\npublic_url = "https://video.example"\n')
    assert plan.edge_url == "https://video.example"


def test_only_starts_what_is_named_and_refuses_a_name_that_no_part_has(options: UpOptions) -> None:
    plan = make_plan(options)
    assert [part.name for part in process_table(plan, ("bus",))] == ["bus"]
    with pytest.raises(StackError, match="no part named bsu; there are bus, objects"):
        process_table(plan, ("bsu",))
