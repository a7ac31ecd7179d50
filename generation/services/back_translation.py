"""Paraphrases for a training, where a model for them is configured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from generation.engine.config import CopyBrief
from generation.engine.errors import GenerationCancelledError, TrainingStoppedError
from generation.engine.evaluation.items import Judge
from generation.engine.training.back_translation import BackTranslator, Paraphrases, back_translated
from generation.engine.training.dataset import TrainingExample
from generation.services.encoder import encoder_open

SHARE = 0.25  # of the examples
SEED = 0  # the same data have the same paraphrases, whichever run asks


def paraphrases_make(
    examples: Sequence[TrainingExample], *, should_stop: Callable[[], bool] | None = None
) -> Paraphrases:
    """Paraphrases of a quarter of the examples by ``settings.BACK_TRANSLATION_MODEL``; none where none is configured.

    What the rules that judge an evaluation object to is not kept. ``should_stop`` is asked between tokens; True ends with
    ``TrainingStoppedError``. Raises ``ModelFolderError`` when the model cannot be loaded.
    """
    if not settings.BACK_TRANSLATION_MODEL:
        return Paraphrases()
    from generation.engine.backends.torch import TorchBackend
    from generation.engine.loader import load

    root = Path(settings.MODEL_ROOT)
    loaded = load(root / settings.BACK_TRANSLATION_MODEL, model_root=root, threads=settings.TRAINING_THREADS)
    translator = BackTranslator(TorchBackend(loaded), settings.GENERATION_BATCH, should_stop)
    try:
        return back_translated(
            examples,
            translator,
            _keeper(),
            encoder_open(with_torch=True, threads=settings.TRAINING_THREADS),
            share=SHARE,
            seed=SEED,
        )
    except GenerationCancelledError as error:
        raise TrainingStoppedError(str(error)) from error


def _keeper() -> Callable[[CopyBrief, str], bool]:
    judge: Judge = import_string(settings.EVALUATION_JUDGE)

    def keep(brief: CopyBrief, text: str) -> bool:
        found = judge(brief, text)
        fine = found.within_limit and found.language_ok and found.must_ok and found.never_ok
        return fine and not found.unsupported and not found.flags

    return keep
