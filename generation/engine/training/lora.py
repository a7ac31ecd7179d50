"""LoRA over a frozen base: attach, run, read and write the adapter. Imports torch and peft."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file

from generation.engine.errors import ModelFolderError, TrainingError
from generation.engine.loader import LoadedModel
from generation.engine.training.batches import Batch
from generation.engine.training.checkpoint import write_tensors
from generation.engine.training.config import PROJECTIONS, TrainConfig
from generation.engine.training.losses import Head, chosen_logprobs

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
_ADAPTER = "default"  # peft's name for the only adapter
_POOL = 2**22  # numbers that masks are cut from
_ADAM = ("exp_avg", "exp_avg_sq", "step")


class _Dropout(torch.nn.Module):
    """Dropout whose masks are cut at random places from one pool of numbers, drawn anew for every step.

    Drawing a mask of its own for each of an adapter's matrices took a fifth of a step on a CPU, where random numbers come
    one after the other. What is cut out has the same chance at every place; a larger input draws its own.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self._share = share
        self._pool: torch.Tensor | None = None

    def renew(self) -> None:
        self._pool = None

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        if not self.training or given.numel() > _POOL:
            return torch.nn.functional.dropout(given, self._share, self.training)
        if self._pool is None or self._pool.dtype != given.dtype:
            kept = 1 - self._share
            self._pool = torch.empty(_POOL, dtype=given.dtype, device=given.device).bernoulli_(kept).div_(kept)
        start = int(torch.randint(_POOL - given.numel() + 1, ()))
        return given * self._pool[start : start + given.numel()].view(given.shape)


class Adapter:
    """A base model with a trainable adapter over its frozen weights.

    The adapter computes in the base's precision; what is trained are float32 masters of its parameters, so that small
    steps are not lost. Call `collect()` after the gradients are there and `publish()` after the masters have changed.
    """

    def __init__(self, loaded: LoadedModel, config: TrainConfig) -> None:
        """Raises `TrainingError` when the model has none of the projections that are adapted."""
        names = {name.rpartition(".")[2] for name, _ in loaded.model.named_modules()}
        targets = [name for name in PROJECTIONS if name in names]
        if not targets:
            raise TrainingError("This architecture has none of the projections that an adapter is put on.")
        torch.manual_seed(config.seed)
        settings = LoraConfig(
            r=config.rank,
            lora_alpha=config.alpha,  # type: ignore[arg-type]
            lora_dropout=config.dropout,
            target_modules=targets,
            task_type="CAUSAL_LM",
        )
        self.loaded = loaded
        self.settings = settings
        self.model = cast(Any, get_peft_model(loaded.model, settings, autocast_adapter_dtype=False))
        self._causal: Any = self.model.get_base_model()
        self._dropout = _Dropout(config.dropout)
        for module in self.model.modules():
            if config.dropout and hasattr(module, "lora_dropout"):
                module.lora_dropout[_ADAPTER] = self._dropout
        output = self._causal.get_output_embeddings()
        cap = getattr(self._causal.config, "final_logit_softcapping", None)
        self._head = Head(output.weight, getattr(output, "bias", None), cap)
        self._computed = {
            name.replace(f".{_ADAPTER}.", "."): parameter
            for name, parameter in sorted(self.model.named_parameters())
            if parameter.requires_grad
        }
        self._masters = {
            name: torch.nn.Parameter(parameter.detach().to(torch.float32, copy=True))
            for name, parameter in self._computed.items()
        }
        self._noise = 0.0
        self._causal.get_input_embeddings().register_forward_hook(self._add_noise)
        self.model.eval()  # what peft adds would drop out already in what is measured before the first step

    @property
    def device(self) -> torch.device:
        return self.loaded.device

    def parameters(self) -> list[torch.nn.Parameter]:
        """The masters: what an optimiser changes."""
        return list(self._masters.values())

    def collect(self) -> None:
        """Move the gradients to the masters; a parameter without one counts as zero."""
        for name, master in self._masters.items():
            gradient = self._computed[name].grad
            master.grad = torch.zeros_like(master) if gradient is None else gradient.float()
            self._computed[name].grad = None

    @torch.no_grad()
    def publish(self) -> None:
        """Compute with the masters' values."""
        for name, master in self._masters.items():
            self._computed[name].copy_(master)

    def weights(self) -> dict[str, torch.Tensor]:
        """A copy of the masters, on the CPU."""
        return {name: master.detach().to("cpu", copy=True) for name, master in self._masters.items()}

    @torch.no_grad()
    def put(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Take these parameters. Raises `ModelFolderError` when names or shapes are others."""
        own = self._masters
        if own.keys() != weights.keys() or any(own[name].shape != tensor.shape for name, tensor in weights.items()):
            raise ModelFolderError("this adapter belongs to another base model, or was trained with another rank")
        for name, tensor in weights.items():
            own[name].copy_(tensor)
        self.publish()

    def moments(self, optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
        """A copy of what the optimiser keeps of each master, on the CPU."""
        return {
            f"{name}/{moment}": tensor.detach().to("cpu", copy=True)
            for name, master in self._masters.items()
            for moment, tensor in optimizer.state.get(master, {}).items()
        }

    def put_moments(self, moments: Mapping[str, torch.Tensor], optimizer: torch.optim.Optimizer) -> None:
        """Have the optimiser go on from these. A master without any begins anew."""
        for name, master in self._masters.items():
            found = {moment: moments.get(f"{name}/{moment}") for moment in _ADAM}
            kept = {moment: tensor.to(master.device) for moment, tensor in found.items() if tensor is not None}
            if kept:
                kept["step"] = kept["step"].cpu()
                optimizer.state[master] = kept

    def logprobs(self, batch: Batch) -> torch.Tensor:
        """Natural-log probability of every text token [N] of the batch."""
        hidden = self._causal.base_model(input_ids=batch.ids, use_cache=False).last_hidden_state
        return chosen_logprobs(hidden[batch.rows, batch.before], batch.targets, self._head)

    @contextmanager
    def training(self, noise_alpha: float) -> Iterator[None]:
        """With dropout and embedding noise for the block."""
        self.model.train()
        self._dropout.renew()
        self._noise = noise_alpha
        try:
            yield
        finally:
            self._noise = 0.0
            self.model.eval()

    @contextmanager
    def without(self) -> Iterator[None]:
        """The base alone, without gradients and chance, for the block."""
        with self._still(), self.model.disable_adapter():
            yield

    @contextmanager
    def at(self, weights: Mapping[str, torch.Tensor]) -> Iterator[None]:
        """These parameters instead of the masters, without gradients and chance, for the block."""
        with self._still():
            try:
                for name, tensor in weights.items():
                    self._computed[name].copy_(tensor)
                yield
            finally:
                self.publish()

    @contextmanager
    def _still(self) -> Iterator[None]:
        was_training, noise = self.model.training, self._noise
        self.model.eval()
        self._noise = 0.0
        try:
            with torch.no_grad():
                yield
        finally:
            self._noise = noise
            self.model.train(was_training)

    def _add_noise(self, module: torch.nn.Module, args: Any, embedded: torch.Tensor) -> torch.Tensor | None:
        """NEFTune: uniform noise of size alpha / sqrt(tokens x width)."""
        if not self._noise:
            return None
        size = self._noise / (embedded.shape[1] * embedded.shape[2]) ** 0.5
        return embedded + torch.empty_like(embedded).uniform_(-size, size)


def write_adapter(folder: Path, adapter: Adapter, weights: Mapping[str, torch.Tensor], base_name: str) -> None:
    """Write the adapter in peft's layout, in bfloat16, into an existing folder."""
    small = {name: tensor.to(torch.bfloat16) for name, tensor in weights.items()}
    write_tensors(folder / WEIGHTS, small, {"format": "pt"})
    settings = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base_name,
        "r": adapter.settings.r,
        "lora_alpha": adapter.settings.lora_alpha,
        "lora_dropout": adapter.settings.lora_dropout,
        "target_modules": sorted(adapter.settings.target_modules or ()),
        "bias": "none",
        "inference_mode": True,
    }
    (folder / CONFIG).write_text(json.dumps(settings, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read_weights(folder: Path) -> dict[str, torch.Tensor]:
    """The trained parameters of an adapter folder, in float32."""
    return {name: tensor.float() for name, tensor in load_file(folder / WEIGHTS).items()}


def between_weights(
    weights: Mapping[str, torch.Tensor], others: Mapping[str, torch.Tensor], share: float
) -> dict[str, torch.Tensor]:
    """The weighted mean of two adapters' parameters, the second with that share."""
    return {name: torch.lerp(tensor.float(), others[name].float(), share) for name, tensor in weights.items()}
