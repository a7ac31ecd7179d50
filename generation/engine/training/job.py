"""From a base folder and data to an adapter folder: what the command and the worker both run. Imports torch."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from generation.engine.adapters import adapter_shape
from generation.engine.errors import TrainingError
from generation.engine.folders import check_folder
from generation.engine.loader import LoadedModel, load
from generation.engine.training.adapter_folder import TRAINING, Lineage, read_lineage, write_folder
from generation.engine.training.config import TrainConfig
from generation.engine.training.distributed import World
from generation.engine.training.lora import write_adapter
from generation.engine.training.progress import Progress, TrainResult
from generation.engine.training.trainer import OnStart, Trainer, TrainingData


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """One training, and where everything lies.

    base, parent  folders inside `model_root`: the frozen model, and an adapter to go on from
    work          folder for checkpoints and event files; what a killed run left there is gone on from
    target        where the adapter folder is to be
    lineage       what the version came from; its hashes also guard the checkpoints
    """

    model_root: Path
    base: Path
    work: Path
    target: Path
    data: TrainingData
    config: TrainConfig
    lineage: Lineage
    parent: Path | None = None

    def run(
        self,
        on_step: Callable[[Progress, LoadedModel], bool],
        world: World | None = None,
        between: Callable[[], object] | None = None,
        on_start: OnStart = lambda found: None,
    ) -> tuple[TrainResult, str]:
        """Train, write the adapter, and return how it went and the SHA-256 of the weights.

        `on_step` hears every step and may ask the model for samples; True stops with `TrainingStoppedError`.
        `between` is called between the batches of a measurement, `on_start` hears what the one before the first step found.
        Raises what `check_parent` raises.
        """
        world = world or World()
        self.check_parent()
        loaded = load(self.base, model_root=self.model_root, threads=self.config.threads)
        trainer = Trainer(
            loaded=loaded,
            data=self.data,
            config=self.config,
            folder=self.work,
            template=self.lineage.template,
            on_step=lambda progress: on_step(progress, sampled),
            identity=self._identity(),
            start_from=self.parent,
            world=world,
            between=between,
            on_start=on_start,
        )
        sampled = LoadedModel(trainer.adapter.model, loaded.tokenizer, loaded.device, loaded.dtype)
        result = trainer.run()
        digest = ""
        if world.is_first:
            digest = write_folder(
                self.target,
                self.target.name,
                self.lineage,
                {**asdict(result.state), "steps": result.steps, "held_out": result.held_out},
                lambda folder: write_adapter(folder, trainer.adapter, result.weights, self.lineage.base_name),
            )
        world.wait()
        return result, digest

    def check_parent(self) -> None:
        """Raises `ModelFolderError` for a parent that must not be loaded, and `TrainingError` for one of another rank, scale
        or base: the training would begin as another model. A parent without `training.json` does not say its base."""
        if self.parent is None:
            return
        check_folder(self.parent, self.model_root, needs="adapter_config.json")
        name, shape = self.parent.name, adapter_shape(self.parent)
        if shape.rank != self.config.rank or not math.isclose(shape.alpha, self.config.alpha):
            own = f"rank {shape.rank} and alpha {shape.alpha:g}"
            wished = f"{self.config.rank} and {self.config.alpha:g}"
            raise TrainingError(f"{name}: this parent has {own}, the settings have {wished}.")
        base = read_lineage(self.parent).get("base_sha256") if (self.parent / TRAINING).is_file() else None
        if base and base != self.lineage.base_sha256:
            raise TrainingError(f"{name}: this parent was trained over another base than {self.lineage.base_name}.")

    def _identity(self) -> Mapping[str, str]:
        return {
            "base": self.lineage.base_sha256,
            "data": self.lineage.data_sha256,
            "parent": self.lineage.parent,
        }
