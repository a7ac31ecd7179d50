"""OpenVINO, without what it tells Google Analytics each time it is imported. Import it from here only.

OpenVINO's package sends an event at every import unless the user of the machine has switched that off by a file at home. It does
without the module that sends when that cannot be imported. Raises `OpenVinoError` where OpenVINO is not installed.
"""

import sys
from importlib.util import find_spec

from generation.engine.errors import OpenVinoError

VERSION = "2026.4.0"  # the paged operation's inputs are those of this version

if find_spec("openvino") is None:
    raise OpenVinoError(f"OpenVINO is not installed: pip install openvino=={VERSION}")
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import openvino  # noqa: E402
from openvino import opset13  # noqa: E402
from openvino.frontend.pytorch import ConversionExtension  # noqa: E402
from openvino.op import Parameter, _PagedAttentionExtension  # noqa: E402

__all__ = ["VERSION", "ConversionExtension", "PagedAttention", "Parameter", "openvino", "opset13"]

PagedAttention = _PagedAttentionExtension
