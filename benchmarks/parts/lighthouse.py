"""What Lighthouse says of pages, in a Chromium that is running already and in which somebody may be signed in.

It is fetched by npm when it is first asked for: nothing that is installed or shipped has it.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.harness.model import NothingToMeasure

PACKAGE: Final = "lighthouse@12.8.2"
CATEGORIES: Final = ("performance", "accessibility", "best-practices", "seo")
SECONDS: Final = 180


async def scores(url: str, port: int, folder: Path, *, desktop: bool = False) -> Mapping[str, float]:
    """Each category from 0 to 100, for a telephone on a slow network (or a `desktop`), as Lighthouse simulates it.

    `port` is where Chromium takes its orders (DevTools); what it keeps is left as it is. The whole report is written
    into `folder`. Raises NothingToMeasure where npm cannot bring Lighthouse.
    """
    npx = shutil.which("npx")
    if npx is None:
        raise NothingToMeasure("Node is not installed")
    report = folder / f"{url.rpartition('/')[2] or 'home'}.json"
    words = [url, f"--port={port}", "--output=json", f"--output-path={report}", "--quiet", "--disable-storage-reset"]
    chosen = [f"--only-categories={','.join(CATEGORIES)}", *(["--preset=desktop"] if desktop else [])]
    process = await asyncio.create_subprocess_exec(
        *(npx, "--yes", PACKAGE, *words, *chosen),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "CI": "1"},
    )
    try:
        async with asyncio.timeout(SECONDS):
            _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or not report.exists():
        raise NothingToMeasure(f"Lighthouse did not run: {said.decode(errors='replace').strip()[-300:]}")
    told: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))["categories"]
    return {name: round(100 * (told[name]["score"] or 0)) for name in CATEGORIES}
