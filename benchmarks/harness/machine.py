"""On what a figure was measured: nothing that names the machine's owner, host or folders."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """Enough to judge a figure by."""

    cpu: str
    cores: int
    memory_bytes: int
    system: str
    python: str
    load: float
    """Load average of the last minute before the run: above the number of cores, others were at work."""

    def __str__(self) -> str:
        return (
            f"{self.cores} cores ({self.cpu}), {self.memory_bytes / 2**30:.0f} GiB, {self.system}, "
            f"Python {self.python}, load {self.load:.1f} before"
        )


def this_machine() -> Machine:
    """The machine that this runs on, as it is now."""
    import psutil

    return Machine(
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        load=round(os.getloadavg()[0], 1),
    )


def _cpu() -> str:
    if sys.platform == "darwin":
        asked = ("/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string")
        told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
        return told or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())
