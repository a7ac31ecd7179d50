"""``MODEL_HUB=1 manage.py fetch_encoder``: fetch the sentence encoder that ENCODER_MODEL names from the hub, once.

    ENCODER_MODEL=intfloat/multilingual-e5-small MODEL_HUB=1 manage.py fetch_encoder

It becomes a folder of MODEL_ROOT when all of it is there and it can be opened; only safetensors, JSON and the tokenizer's
files are taken. Nothing else fetches an encoder.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from copystudio.errors import Text
from generation.engine.errors import ModelFolderError
from generation.engine.hub_download import NO_REVISION, UNUSABLE
from generation.selectors.base_fetch import ERRORS, UNEXPECTED
from generation.services.encoder import EncoderSource, encoder_fetch, encoder_open, encoder_source
from generation.services.hub import HubError, Tell

# what an encoder's fetch says otherwise than a base model's
OWN_ERRORS: dict[str, tuple[Text, Text]] = {
    NO_REVISION: ("The repository has no such revision.", "Look at the spelling of what stands behind the @."),
    UNUSABLE: (
        "It is no sentence encoder that can be opened here.",
        "Nothing of it was kept. Set ENCODER_MODEL to another repository.",
    ),
}


class Command(BaseCommand):
    help = "Fetch the sentence encoder that ENCODER_MODEL names from the Hugging Face hub into MODEL_ROOT."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            source = _asked()
            was_there = not source.is_missing
            if was_there:
                encoder_open()
            else:
                encoder_fetch(source, self._teller())
        except HubError as error:
            raise CommandError(_sentence(error)) from error
        except ModelFolderError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{settings.ENCODER_MODEL} {'was already' if was_there else 'is now'} in {source.folder}.")
        if not was_there:
            self.stdout.write("Workers that run already open it when they start again.")

    def _teller(self) -> Tell:
        said = ""

        def tell(step: str, done: int, total: int) -> None:
            nonlocal said
            now = step
            if total and step in {"copying", "downloading"}:
                now = f"{step}: {10 * done // total * 10} % of {total / 1e6:,.1f} MB"
            if now != said:
                said = now
                self.stdout.write(now)
                self.stdout.flush()

        return tell


def _asked() -> EncoderSource:
    source = encoder_source()
    if source is None:
        raise CommandError(
            "ENCODER_MODEL names no repository, so the bundled encoder is used. Set it to owner/name, for example "
            "intfloat/multilingual-e5-small."
        )
    if not source.repository:
        raise CommandError(
            f"ENCODER_MODEL={settings.ENCODER_MODEL} is a folder of MODEL_ROOT, not owner/name: there is nothing to fetch."
        )
    return source


def _sentence(error: HubError) -> str:
    known = {**ERRORS, **OWN_ERRORS}
    what, mend = known.get(error.code, known[UNEXPECTED])
    detail = f" ({error.detail})" if error.detail else ""
    return f"{settings.ENCODER_MODEL}: {what} {mend}{detail}"
