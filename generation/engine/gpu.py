"""Whether there is a GPU to compute on, and in which numbers. Imports torch, and no transformers."""

import torch

from generation.engine.processor import cpu_flags


def has_gpu() -> bool:
    return torch.cuda.is_available()


def best_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where it is computed in hardware, else float32. Without hardware, bfloat16 is slower than float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return torch.bfloat16 if cpu_flags() & {"avx512_bf16", "amx_bf16"} else torch.float32
