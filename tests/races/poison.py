"""A check of copy that ends the whole process over a product named "Poison", as a broken native library would."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from campaigns.services import candidate_check
from generation.engine.config import Check


def checker(payload: dict[str, Any]) -> Callable[[str], Check]:
    if payload["product_title"] == "Poison":
        os.kill(os.getpid(), signal.SIGKILL)
    return candidate_check.checker(payload)
