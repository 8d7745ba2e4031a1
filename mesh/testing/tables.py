"""The conformance suite that every tables engine must pass.

An engine's test module subclasses `TablesConformance` and supplies the fixtures `tables` and `raw`; see
tables_base.py. The state machine is in tables_stateful.py.
"""

from __future__ import annotations

from mesh.testing.tables_base import SCHEMA, Raw
from mesh.testing.tables_commits import CommitTests
from mesh.testing.tables_lifetimes import LifetimeTests
from mesh.testing.tables_rows import RowTests
from mesh.testing.tables_scans import ScanTests
from mesh.testing.tables_walks import BucketTests, TransferTests, WalkTests

__all__ = ["SCHEMA", "Raw", "TablesConformance"]


class TablesConformance(RowTests, CommitTests, LifetimeTests, ScanTests, WalkTests, BucketTests, TransferTests):
    """All tests that an engine must pass."""
