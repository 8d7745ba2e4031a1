"""What the driver may repeat by itself."""

from __future__ import annotations

from typing import Any

from cassandra.policies import RetryPolicy


class Unrepeatable(RetryPolicy):
    """Nothing: a decision that was not answered may have been applied, and once more is another decision."""

    def on_read_timeout(self, *_: Any, **__: Any) -> Any:
        """A round of the decision's reading did not come to its end."""
        return self.RETHROW, None

    def on_write_timeout(self, *_: Any, **__: Any) -> Any:
        """It may have been applied."""
        return self.RETHROW, None

    def on_unavailable(self, *_: Any, **__: Any) -> Any:
        """Too few replicas are alive, for whichever node asks them."""
        return self.RETHROW, None

    def on_request_error(self, *_: Any, **__: Any) -> Any:
        """The connection broke, perhaps after the node had taken it."""
        return self.RETHROW, None


class Repeatable(RetryPolicy):
    """Once, on another node, at the same consistency: reads, and blind writes with a timestamp of their own."""

    def on_read_timeout(self, _query: Any, consistency: int, *_: Any, **numbers: Any) -> Any:
        """Some replica did not answer the node in time."""
        return self._once(consistency, numbers)

    def on_write_timeout(self, _query: Any, consistency: int, *_: Any, **numbers: Any) -> Any:
        """Some replica did not acknowledge in time; it may have the write, and the same timestamp makes it no other."""
        return self._once(consistency, numbers)

    def on_unavailable(self, _query: Any, consistency: int, *_: Any, **numbers: Any) -> Any:
        """This node sees too few replicas; another one may see more."""
        return self._once(consistency, numbers)

    def on_request_error(self, _query: Any, consistency: int, *_: Any, **numbers: Any) -> Any:
        """The connection broke, or the node is overloaded or starting."""
        return self._once(consistency, numbers)

    def _once(self, consistency: int, numbers: dict[str, Any]) -> tuple[int, int | None]:
        return (self.RETRY_NEXT_HOST, consistency) if numbers["retry_num"] == 0 else (self.RETHROW, None)
