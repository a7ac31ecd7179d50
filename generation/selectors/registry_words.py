"""What the registry says in words: sources of training data, and why a folder holds no base model."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

from copystudio.errors import Text
from generation.selectors.training_words import EXAMPLES, PAIRS

# the words for where an example or a pair comes from are those of the training pages
SOURCES: dict[str, Text] = {**EXAMPLES, **PAIRS}

# what the engine says of a folder, and the same for people; the engine knows no languages
_PROBLEMS: tuple[tuple[re.Pattern[str], Text], ...] = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (r"(?P<file>\S+) is missing$", _("%(file)s is missing.")),
        (r"no safetensors file$", _("It holds no safetensors file.")),
        (
            r"(?P<file>.+) is not loaded; weights must be safetensors",
            _("%(file)s could run code when it is read. Only safetensors are loaded."),
        ),
        (r"(?P<file>.+) is a link that leads out", _("%(file)s is a link that leads out of the model folder.")),
        (r".+ is not a folder inside the model folder", _("It leads out of the model folder.")),
        (r".+ leads to no file or folder", _("It, or a link in it, leads nowhere.")),
        (r"(?P<file>.+) is no file$", _("%(file)s is no ordinary file.")),
        (
            r"(?P<file>\S+) asks for code of its own",
            _("%(file)s asks for code of its own, and no model's own code is run here."),
        ),
        (r"(?P<file>\S+) names other files to be read", _("%(file)s names other files to be read.")),
        (r"(?P<file>\S+) names weights that are not", _("%(file)s names weights that are not in the folder.")),
        (
            r"config.json describes a larger model",
            _("config.json describes a larger model than the weights can be."),
        ),
        (
            r"adapter_config.json would put another base",
            _("adapter_config.json would put another base in this one's place."),
        ),
        (r"(?P<file>\S+) is (?:not (?:a )?JSON|larger than settings)", _("%(file)s cannot be read.")),
        (
            r"(?P<file>\S+): (?:the header|the file|tensors) ",
            _("%(file)s is broken: its header does not fit the file."),
        ),
    )
)
# what happened to a version, as the end of a sentence that begins with a name
EVENTS: dict[str, Text] = {
    "modelversion.create": _("made it by training."),
    "modelversion.offer": _("offered it with a new release."),
    "modelversion.promote": _("promoted it: it wrote from then on."),
    "modelversion.roll_back": _("went back to it: it wrote again."),
    "modelversion.leave": _("went back from it to the version before."),
    "modelversion.retire": _("retired it."),
    "modelversion.delete": _("deleted its files."),
}


def version_event(verb: str) -> str:
    return str(EVENTS.get(verb, verb))


def folder_problem(text: str) -> str:
    """Why a folder cannot be used, in the reader's language; what has no words here is shown as the engine says it."""
    reason = re.sub(r"^[^\s:]+: ", "", text, count=1)  # without the folder's name, which stands beside it
    for pattern, sentence in _PROBLEMS:
        if found := pattern.match(reason):
            return str(sentence) % found.groupdict()
    return reason
