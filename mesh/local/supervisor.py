"""Runs the parts of a stack: in the order of their needs, stopped in the order of their stages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mesh.local.child import Child
from mesh.local.errors import StackError
from mesh.local.part import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mesh.local.child import Standing
    from mesh.local.datadir import DataDir
    from mesh.local.part import Part


class Supervisor:
    """Everything that runs. `changed` is called at every change of a part's standing."""

    def __init__(
        self, parts: Sequence[Part], data: DataDir, changed: Callable[[], None], say: Callable[[str], None]
    ) -> None:
        self._children = {part.name: Child(part, data, changed, say) for part in parts}
        self._say = say
        self._runs: list[asyncio.Task[None]] = []

    def standings(self) -> Mapping[str, tuple[Part, Standing]]:
        """Every part with how it is doing."""
        return {name: (child.part, child.standing) for name, child in self._children.items()}

    async def start(self) -> None:
        """Returns when every part was ready. Raises `StackError` where one cannot be started; `stop` is still due."""
        self._runs = [asyncio.create_task(self._run(child), name=name) for name, child in self._children.items()]
        ready = asyncio.create_task(self._all_ready())
        try:
            await asyncio.wait({ready, *self._runs}, return_when=asyncio.FIRST_COMPLETED)
            for run in self._runs:
                if run.done():
                    run.result()
                    raise StackError(f"{run.get_name()} was stopped before the stack was ready")
        finally:
            ready.cancel()

    async def watch(self) -> None:
        """Returns only when a part has ended for good, which is a fault of the supervisor's own."""
        done, _ = await asyncio.wait(self._runs, return_when=asyncio.FIRST_COMPLETED)
        for run in done:
            run.result()

    async def stop(self) -> None:
        """Stops all, the edge first; returns when no process is left."""
        for run in self._runs:
            if self._children[run.get_name()].standing.state == "waiting":
                run.cancel()
        for stage in Stage:
            await asyncio.gather(*(child.stop() for child in self._children.values() if child.part.stage == stage))
        await asyncio.gather(*self._runs, return_exceptions=True)

    def kill(self) -> None:
        """Ends everything at once, for somebody who does not want to wait."""
        for child in self._children.values():
            child.kill()

    async def _run(self, child: Child) -> None:
        for need in child.part.needs:
            if need in self._children:
                await self._children[need].ready.wait()
        await child.run()

    async def _all_ready(self) -> None:
        for child in self._children.values():
            await child.ready.wait()
