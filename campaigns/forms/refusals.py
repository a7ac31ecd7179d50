"""Showing a service's refusal in the form that asked for it."""

from __future__ import annotations

from django import forms

from copystudio.errors import InvalidInputError


def add_refusal(form: forms.BaseForm, error: InvalidInputError) -> None:
    """Put the errors of ``error`` at their fields; what belongs to no field of the form stands above it."""
    for name, texts in error.fields.items():
        form.add_error(name if name in form.fields else None, [str(text) for text in texts])
    if not error.fields:
        form.add_error(None, str(error.message))
