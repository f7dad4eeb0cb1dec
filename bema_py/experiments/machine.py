"""Where a result was computed, as every committed result states it."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
_LIBRARIES = ("torch", "numpy")


def describe_machine() -> str:
    """Name the processor, the cores this process may use, and the versions that shape a result."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return f"{processor()}, {cores} cores, Python {platform.python_version()}, {libraries}"


def processor() -> str:
    """Name the processor as the system knows it."""
    if _CPUINFO.exists():
        for line in _CPUINFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
