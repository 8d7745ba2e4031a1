"""Failures inside the conformance suites show their values only if their modules are rewritten before any import."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("mesh.testing")
