"""Budgets: how many calls of each class one caller may make here (the local_ratelimit filter).

The class is in the contracts, the numbers are in the configuration. A call of somebody signed in counts for the
account, any other for the address; where guessing pays, it counts for both. Each caller has a bucket of tokens
for each class, made when it is first seen; the least recently used go where there are too many.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from google.protobuf.duration_pb2 import Duration

from gateway.config.names import LIMIT_METADATA, LIMITS, SUBJECT_HEADER
from gateway.config.plain import Plain, extension, in_header, seconds
from gateway.routes import Route
from mesh.config import Budget, LimitSettings, Rate
from mesh.errors import exhausted
from mesh.statuses import status_of
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.options.v1.options_pb2 import RateClass

CLASSES: Final = {
    RateClass.RATE_CLASS_READ: "read",
    RateClass.RATE_CLASS_WRITE: "write",
    RateClass.RATE_CLASS_AUTH: "auth",
    RateClass.RATE_CLASS_HEAVY: "heavy",
    RateClass.RATE_CLASS_REPORT: "report",
}
CALLERS: Final = 50_000
"""Buckets kept of each kind; whoever is forgotten begins with a full one."""
SENTENCE: Final = "You have made too many calls of this kind: wait and repeat."

WINDOW: Final = timedelta(seconds=60)
"""What the rates are written over, so that a rate below one a second is a whole number; buckets fill all the time."""
LEAST_WAIT: Final = timedelta(milliseconds=100)

AUTH: Final = "auth"
CLASS: Final = "rate_class"
USER: Final = "user"
ADDRESS: Final = "masked_remote_address"
NOBODY: Final = "nobody"
GUARDED: Final = "guarded"
"""The class again, for those that count for the address even of somebody signed in."""

BY_ADDRESS: Final[Plain] = {"masked_remote_address": {"v4_prefix_mask_len": 32, "v6_prefix_mask_len": 64}}
BY_USER: Final[Plain] = {"request_headers": {"header_name": SUBJECT_HEADER, "descriptor_key": USER}}
SIGNED_OUT: Final[Plain] = {
    "header_value_match": {
        "descriptor_key": NOBODY,
        "descriptor_value": "yes",
        "expect_match": False,
        "headers": [{"name": SUBJECT_HEADER, "present_match": True}],
    }
}


def limits_filter(limits: LimitSettings) -> Plain:
    """The filter, with a bucket for each class and caller. The route says by its metadata (`counted`) which."""
    most = (1 << 32) - 1
    return extension(
        LIMITS,
        "filters.http.local_ratelimit.v3.LocalRateLimit",
        stat_prefix="limits",
        # Everybody's together, which the filter wants to have; it never runs out.
        token_bucket={"max_tokens": most, "tokens_per_fill": most, "fill_interval": "1s"},
        always_consume_default_token_bucket=False,
        filter_enabled={"default_value": {"numerator": 100}},
        filter_enforced={"default_value": {"numerator": 100}},
        rate_limits=[
            {"actions": [_of_route(CLASS), BY_USER]},
            {"actions": [_of_route(CLASS), SIGNED_OUT, BY_ADDRESS]},
            {"actions": [_of_route(GUARDED), BY_ADDRESS]},
        ],
        descriptors=[one for name in CLASSES.values() for one in _buckets(name, getattr(limits, name))],
        max_dynamic_descriptors=CALLERS,
        rate_limited_as_resource_exhausted=True,
    )


def _of_route(key: str) -> Plain:
    """What the route's metadata say under this key; where they say nothing, the call is not counted so."""
    return {
        "metadata": {
            "descriptor_key": key,
            "metadata_key": {"key": LIMIT_METADATA, "path": [{"key": key}]},
            "source": "ROUTE_ENTRY",
        }
    }


def counted(route: Route, limits: LimitSettings) -> Plain:
    """Metadata of a call's route: what it is counted as, and what `replies.py` tells whoever has used up the budget."""
    name = CLASSES[route.policy.rate_class]
    budget: Budget = getattr(limits, name)
    wait = max((_wait(rate) for rate in (budget.per_user, budget.per_address) if _limited(rate)), default=LEAST_WAIT)
    fault = exhausted(ErrorReason.ERROR_REASON_RATE_LIMITED, SENTENCE, retry_after=wait, rate_class=name)
    delay = Duration()
    delay.FromTimedelta(wait)
    told = {
        CLASS: name,
        **({GUARDED: name} if name == AUTH else {}),
        "retry_delay": delay.ToJsonString(),
        "retry_after": str(math.ceil(wait.total_seconds())),
        "status": in_header(status_of(fault)),
    }
    return {"filter_metadata": {LIMIT_METADATA: told}}


def _buckets(name: str, budget: Budget) -> Iterator[Plain]:
    # An entry without a value stands for every value, each with a bucket of its own.
    of_class, address = {"key": CLASS, "value": name}, {"key": ADDRESS, "value": ""}
    by_user = [of_class, {"key": USER, "value": ""}]
    by_address = [of_class, {"key": NOBODY, "value": "yes"}, address]
    if name == AUTH:
        by_address = [{"key": GUARDED, "value": name}, address]
    for (per_second, burst), entries in ((budget.per_user, by_user), (budget.per_address, by_address)):
        if _limited((per_second, burst)):
            bucket = {
                "max_tokens": burst,
                "tokens_per_fill": max(1, round(per_second * WINDOW.total_seconds())),
                "fill_interval": seconds(WINDOW),
            }
            yield {"entries": entries, "token_bucket": bucket}


def _limited(rate: Rate) -> bool:
    per_second, burst = rate
    return per_second > 0 and burst > 0


def _wait(rate: Rate) -> timedelta:
    return max(LEAST_WAIT, timedelta(milliseconds=math.ceil(1000 / rate[0])))
