"""Failures inside the conformance suite show their values only if its modules are rewritten before import."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("mesh.testing")
