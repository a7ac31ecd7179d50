"""What form views share."""

from __future__ import annotations

from django.forms import BaseForm

from copystudio.errors import InvalidInputError


def add_errors(form: BaseForm, error: InvalidInputError) -> None:
    """Show a service's refusal beside the fields that it names, or above the form."""
    for field, texts in error.fields.items():
        form.add_error(field if field in form.fields else None, [str(text) for text in texts])
    if not error.fields:
        form.add_error(None, str(error.message))
