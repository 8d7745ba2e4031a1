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


def test_a_part_behind_a_proxy_listens_apart_from_where_it_is_reached(options: UpOptions, tmp_path: Path) -> None:
    text = """
[services]
svc_upload = "127.0.0.1:9101"
[listen]
svc_upload = 9001
bus = 9002
objects = 9003
[bus]
url = "nats://127.0.0.1:9102"
[objects]
endpoint = "http://127.0.0.1:9103"
"""
    plan = plan_with(options, tmp_path, text)
    parts = {part.name: part for part in process_table(plan)}
    assert parts["svc_upload"].argv[-2:] == ("--listen", "127.0.0.1:9001")
    assert plan.settings.services["svc_upload"] == "127.0.0.1:9101"
    assert plan.settings.bus.url == f"nats://vidmesh:{plan.secrets.bus_password}@127.0.0.1:9102"
    assert plan.settings.objects.endpoint == "http://127.0.0.1:9103"
    assert plan.settings.objects.access_key == plan.secrets.objects_access_key
    assert (parts["bus"].port, parts["objects"].port) == (9002, 9003)


def test_a_port_for_a_part_that_there_is_not_is_refused(options: UpOptions, tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"listen\.svc_uplaod"):
        plan_with(options, tmp_path, "[listen]\nsvc_uplaod = 9001\n")
