"""What this machine's processor can do."""

from pathlib import Path

_ABOUT = Path("/proc/cpuinfo")


def multiplies_tiles() -> bool:
    """Whether it multiplies tiles of 8-bit whole numbers (Intel AMX). False where the system does not say."""
    try:
        return "amx_int8" in _ABOUT.read_text(encoding="utf-8").split()
    except OSError:
        return False
