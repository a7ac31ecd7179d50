"""What this machine's processor can do."""

from pathlib import Path

_ABOUT = Path("/proc/cpuinfo")


def cpu_flags() -> frozenset[str]:
    """What it can do, as Linux names it; empty where that cannot be read."""
    try:
        lines = _ABOUT.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), []))


def multiplies_tiles() -> bool:
    """Whether it multiplies tiles of 8-bit whole numbers (Intel AMX). False where the system does not say."""
    return "amx_int8" in cpu_flags()
