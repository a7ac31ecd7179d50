"""Whether there is a GPU to compute on. Imports torch, and no transformers."""

import torch


def has_gpu() -> bool:
    return torch.cuda.is_available()
