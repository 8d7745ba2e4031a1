"""What is counted follows from the contracts, how much from the configuration, and cookies count where they may."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta

import pytest
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from gateway.config.cors import api_cors
from gateway.config.limits import counted, limits_filter
from gateway.config.names import LIMIT_METADATA
from gateway.config.routing import edge_routes
from gateway.routes import ContractError, Route, RouteTable, route_table
from mesh.config import Budget, LimitSettings, Settings
from mesh.cookies import CSRF_HEADER, takes_access_cookie
from mesh.policy import Method, all_methods, descriptor_set
from vidmesh.options.v1.options_pb2 import RATE_CLASS_INTERNAL, RateClass

CLASSES = ("read", "write", "auth", "heavy", "report")
FREE = Budget(per_user=(0, 0), per_address=(0, 0))


@pytest.fixture(scope="module")
def table() -> RouteTable:
    return route_table(all_methods(), descriptor_set())


def route_of(table: RouteTable, kind: RateClass.ValueType) -> Route:
    return next(route for route in table.routes if route.policy.rate_class == kind)


def with_budget(limits: LimitSettings, **budgets: Budget) -> LimitSettings:
    return limits.model_copy(update=dict.fromkeys(CLASSES, FREE) | budgets)


def test_every_call_is_counted_as_its_contract_says(table: RouteTable, settings: Settings) -> None:
    routes = edge_routes(settings, table, "fra1")["virtual_hosts"][0]["routes"]
    told = {
        one["name"]: one["metadata"]["filter_metadata"][LIMIT_METADATA]["rate_class"]
        for one in routes
        if one["name"].startswith("/")
    }
    assert told == {
        route.grpc_path: RateClass.Name(route.policy.rate_class).removeprefix("RATE_CLASS_").lower()
        for route in table.routes
    }


def test_a_call_that_would_be_counted_as_nothing_is_no_contract() -> None:
    name = "/vidmesh.upload.v1.VideoService/GetVideo"
    methods: dict[str, Method] = dict(all_methods())
    policy = methods[name].policy
    assert policy is not None
    methods[name] = replace(methods[name], policy=replace(policy, rate_class=RATE_CLASS_INTERNAL))
    with pytest.raises(ContractError, match="no caller's budget"):
        route_table(methods, descriptor_set())


def test_only_guessing_counts_for_the_address_of_somebody_signed_in(table: RouteTable, settings: Settings) -> None:
    guarded = {
        route.policy.rate_class
        for route in table.routes
        if "guarded" in counted(route, settings.limits)["filter_metadata"][LIMIT_METADATA]
    }
    assert guarded == {RateClass.RATE_CLASS_AUTH}


@pytest.mark.parametrize("rate", [(0.0, 5), (5.0, 0), (0.0, 0)])
def test_zero_is_no_limit(settings: Settings, rate: tuple[float, int]) -> None:
    limits = with_budget(settings.limits, read=Budget(per_user=rate, per_address=rate))
    assert limits_filter(limits)["typed_config"]["descriptors"] == []


def test_less_than_one_call_a_second_is_a_rate_too(settings: Settings) -> None:
    limits = with_budget(settings.limits, write=Budget(per_user=(0.5, 7), per_address=(0, 0)))
    (bucket,) = limits_filter(limits)["typed_config"]["descriptors"]
    assert bucket["entries"] == [{"key": "rate_class", "value": "write"}, {"key": "user", "value": ""}]
    assert bucket["token_bucket"] == {"max_tokens": 7, "tokens_per_fill": 30, "fill_interval": "60s"}


def test_who_has_to_wait_is_told_how_long_the_slower_budget_takes(table: RouteTable, settings: Settings) -> None:
    limits = with_budget(settings.limits, write=Budget(per_user=(10, 5), per_address=(0.4, 5)))
    told = counted(route_of(table, RateClass.RATE_CLASS_WRITE), limits)["filter_metadata"][LIMIT_METADATA]
    status = Status.FromString(base64.b64decode(told["status"] + "==="))
    info, retry = ErrorInfo(), RetryInfo()
    assert status.details[0].Unpack(info)
    assert status.details[1].Unpack(retry)
    assert (info.reason, dict(info.metadata)) == ("RATE_LIMITED", {"rate_class": "write"})
    assert retry.retry_delay.ToTimedelta() == timedelta(seconds=2.5)
    assert (told["retry_delay"], told["retry_after"]) == ("2.500s", "3")


def test_cookies_are_looked_for_where_they_may_count_and_nowhere_else(table: RouteTable, settings: Settings) -> None:
    routes = {one["name"]: one for one in edge_routes(settings, table, "fra1")["virtual_hosts"][0]["routes"]}
    for route in table.routes:
        looked_for = "vidmesh.session_cookie" in routes[route.grpc_path]["typed_per_filter_config"]
        assert looked_for == takes_access_cookie(route.policy)
        withheld = {"cookie", CSRF_HEADER} <= {*routes[route.grpc_path]["request_headers_to_remove"]}
        assert withheld == (route.host != "svc_social")


@pytest.mark.parametrize(("origins", "may"), [([], True), (["https://app.example"], True), (["*"], False)])
def test_a_page_of_any_origin_at_all_is_never_let_send_what_makes_cookies_count(origins: list[str], may: bool) -> None:
    policy = api_cors(origins)
    assert (CSRF_HEADER in policy["allow_headers"]) == may
    assert policy["allow_credentials"] == may
    assert [one.get("exact") for one in policy["allow_origin_string_match"]] == [
        None if origin == "*" else origin for origin in origins
    ]
