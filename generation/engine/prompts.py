"""The registry of prompt templates. A template that a model version has used never changes; a better one is another."""

from collections.abc import Callable

from generation.engine import few_shot_1
from generation.engine.config import CopyBrief, Prompt
from generation.engine.errors import PromptError

_TEMPLATES: dict[str, Callable[[CopyBrief], Prompt]] = {few_shot_1.TEMPLATE_ID: few_shot_1.render}


def template_ids() -> list[str]:
    return sorted(_TEMPLATES)


def render(template_id: str, brief: CopyBrief) -> Prompt:
    """The prompt of the named template for the brief. Raises `PromptError` for a template that does not exist."""
    if template_id not in _TEMPLATES:
        raise PromptError(f"There is no prompt template {template_id}; there are {', '.join(template_ids())}")
    return _TEMPLATES[template_id](brief)
