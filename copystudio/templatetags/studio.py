"""Template tags that every template may use without loading them (settings name this module as builtins)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms, template
from django.core.paginator import Page
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.forms import BoundField
from django.template import Engine
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from copystudio.text_marks import segments_of

register = template.Library()

NONE = "–"
# status or severity: (tone, icon). Tones are the badge-* classes of studio.css.
STATUS_LOOKS = {
    "draft": ("neutral", "pencil"),
    "in_review": ("info", "eye"),
    "changes_requested": ("warning", "message-report"),
    "approved": ("success", "rubber-stamp"),
    "retired": ("neutral", "archive"),
    "queued": ("neutral", "hourglass"),
    "running": ("info", "player-play"),
    "succeeded": ("success", "circle-check"),
    "failed": ("danger", "circle-x"),
    "cancelled": ("neutral", "ban"),
    "paused": ("warning", "player-pause"),
    "finished": ("success", "flag"),
    "active": ("success", "circle-check"),
    "staged": ("info", "flask"),
    "archived": ("neutral", "archive"),
    "revoked": ("danger", "ban"),
    "expired": ("warning", "clock"),
    "live": ("success", "broadcast"),
    "info": ("info", "info-circle"),
    "warning": ("warning", "alert-triangle"),
    "blocking": ("danger", "ban"),
    "error": ("danger", "alert-circle"),
    "success": ("success", "circle-check"),
}


@register.simple_tag
def icon(name: str, classes: str = "", label: str = "") -> SafeString:
    """One icon of the sprite. Decorative unless it has a ``label``, which is then read out instead of it."""
    url = static("vendor/tabler-icons/icons.svg")
    if label:
        return format_html(
            '<svg class="icon {}" role="img" aria-label="{}"><use href="{}#{}"/></svg>', classes, label, url, name
        )
    return format_html('<svg class="icon {}" aria-hidden="true"><use href="{}#{}"/></svg>', classes, url, name)


@register.inclusion_tag("components/status_badge.html")
def status_badge(status: Model | str, label: str = "") -> dict[str, Any]:
    """Badge of a status: give the object (its ``status`` and display are taken, or that it is paused), or a status and
    its label."""
    if getattr(status, "is_paused", False):
        status, label = "paused", label or _("Paused")
    if isinstance(status, Model):
        label = label or status.get_status_display()  # type: ignore[attr-defined]
        status = status.status  # type: ignore[attr-defined]
    tone, name = STATUS_LOOKS.get(str(status), ("neutral", "circle"))
    return {"tone": tone, "icon": name, "label": label or str(status).replace("_", " ")}


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, **attrs: Any) -> dict[str, Any]:
    """One form field with label, help and errors, tied together for screen readers.

    Keyword arguments become attributes of the widget, ``_`` written as ``-`` (``rows=4 data_counter_unit="words"``),
    except ``label`` (other label), ``bare`` (label for screen readers only) and ``classes`` (of the element around it).
    """
    label, bare, classes = attrs.pop("label", bound.label), attrs.pop("bare", False), attrs.pop("classes", "")
    widget = bound.field.widget
    choices = isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
    check = isinstance(widget, forms.CheckboxInput)
    control = "form-check-input" if check else "form-select" if isinstance(widget, forms.Select) else "form-control"
    described = [f"{bound.auto_id}_helptext"] if bound.help_text else []
    described += [f"{bound.auto_id}_error"] if bound.errors else []
    extra = {name.replace("_", "-"): value for name, value in attrs.items() if value not in (None, False)}
    invalid = "is-invalid" if bound.errors else ""
    extra["class"] = " ".join(filter(None, [widget.attrs.get("class", ""), control, invalid]))
    if described:
        extra["aria-describedby"] = " ".join(described)
    return {
        "field": bound,
        "for_id": extra.get("id", bound.id_for_label),
        "label": label,
        "bare": bare,
        "classes": classes,
        "kind": "choices" if choices else "check" if check else "plain",
        "widget": "" if choices else bound.as_widget(attrs=extra),
        "described": " ".join(described),
        "counter": "data-counter-unit" in extra,
    }


@register.inclusion_tag("components/crumb.html")
def crumb(label: str, url: str = "") -> dict[str, Any]:
    """One step of the trail in ``{% block breadcrumbs %}``; the last one, the page itself, has no ``url``."""
    return {"label": label, "url": url}


@register.simple_block_tag(takes_context=True)
def pagehead(context: Context, content: str, title: str = "", **options: Any) -> SafeString:
    """The head of a page; the content is its buttons. Options: ``lead`` (one sentence), ``status`` (an object)."""
    return component(context, "page_header", content, title=title, **only(options, "lead status"))


@register.simple_block_tag(takes_context=True)
def panel(context: Context, content: str, title: str = "", **options: Any) -> SafeString:
    """A card around its content.

    Options: ``icon``, ``id``, ``hint``, ``flush`` (no padding, for tables and lists), ``classes``, ``actions`` (path of
    a template that is rendered at the right of the title with the page's context).
    """
    return component(context, "panel", content, title=title, **only(options, "icon id hint flush actions classes"))


@register.simple_block_tag(takes_context=True)
def datatable(context: Context, content: str, caption: str = "", **options: Any) -> SafeString:
    """A table (the content is thead and tbody) that turns into cards on narrow screens, with its pages below.

    Options: ``page`` (a Page), ``id`` (of the wrapper; with it, pages and sorting are loaded by htmx), ``compact``.
    """
    return component(context, "table", content, caption=caption, **only(options, "page id compact"))


@register.simple_block_tag(takes_context=True)
def dialog(context: Context, content: str, id: str = "", title: str = "", **options: Any) -> SafeString:
    """A native dialog, opened by any button with ``data-dialog-open="<id>"``. Option: ``size`` ("lg")."""
    return component(context, "dialog", content, id=id, title=title, **only(options, "size"))


def component(context: Context, name: str, content: str, **values: Any) -> SafeString:
    """A component's template around ``content``, with the page's context under its own values."""
    with context.push(content=content, **values):
        return Engine.get_default().get_template(f"components/{name}.html").render(context)


def only(options: Mapping[str, Any], names: str) -> dict[str, Any]:
    """The named options, empty where not given, so that a component never picks up a page's variable by accident."""
    allowed = names.split()
    unknown = set(options) - set(allowed)
    if unknown:
        raise template.TemplateSyntaxError(f"unknown options: {', '.join(sorted(unknown))}")
    return {name: options.get(name, "") for name in allowed}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any], target: str = "") -> dict[str, Any]:
    """Links to the pages of a list, keeping the other query parameters; with ``target``, htmx swaps that element."""
    numbers = list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))
    return {
        "request": context.get("request"),
        "page": page,
        "numbers": numbers,
        "target": target,
        "gap": page.paginator.ELLIPSIS,
    }


@register.inclusion_tag("components/sort_header.html", takes_context=True)
def sort_header(context: Context, key: str, label: str, target: str = "", numeric: bool = False) -> dict[str, Any]:
    """A table head that sorts by ``?sort=key`` and, when chosen again, ``?sort=-key``."""
    request = context.get("request")
    current = request.GET.get("sort", "") if request else ""
    direction = {key: "ascending", f"-{key}": "descending"}.get(current, "")
    return {
        "request": request,
        "label": label,
        "target": target,
        "numeric": numeric,
        "direction": direction,
        "next": f"-{key}" if direction == "ascending" else key,
    }


@register.simple_tag
def marked_text(text: str, findings: Iterable[Mapping[str, Any]] = ()) -> SafeString:
    """The text with the spans of its findings marked; spans are code point offsets, findings dicts with severity.

    Without any white space of its own, since copy is shown with its line breaks.
    """
    pieces = [
        format_html('<mark class="mark-{}">{}</mark>', piece.severity, piece.text) if piece.severity else piece.text
        for piece in segments_of(text, findings or ())
    ]
    return format_html_join("", "{}", ((piece,) for piece in pieces))


@register.simple_tag
def diff_text(segments: Iterable[Mapping[str, str]]) -> SafeString:
    """Pieces of two texts (``op`` equal, insert or delete, and ``text``) as one, again without white space of its own."""
    pieces: list[str] = []
    for part in segments:
        if part["op"] == "insert":
            pieces.append(format_html("<ins>{}</ins>", part["text"]))
        elif part["op"] == "delete":
            pieces.append(format_html("<del>{}</del>", part["text"]))
        else:
            pieces.append(part["text"])
    return format_html_join("", "{}", ((piece,) for piece in pieces))


@register.inclusion_tag("components/timestamp.html")
def timestamp(value: datetime | date | None, exact: bool = False) -> dict[str, Any]:
    """When something happened: "3 hours ago" within a week, else the date; the full time as a tooltip."""
    if value is None:
        return {"text": NONE}
    if not isinstance(value, datetime):
        return {"iso": value.isoformat(), "text": date_format(value, "DATE_FORMAT"), "full": ""}
    local = timezone.localtime(value)
    full = f"{date_format(local, 'DATE_FORMAT')} {local:%H:%M}"
    age = timezone.now() - value
    text = full
    if not exact and timedelta(0) <= age < timedelta(minutes=1):
        text = _("just now")
    elif not exact and timedelta(0) <= age < timedelta(days=7):
        text = _("%(time)s ago") % {"time": timesince(value, depth=1)}
    return {"iso": local.isoformat(timespec="seconds"), "text": text, "full": full}


@register.filter
def number(value: float | Decimal | str | None, decimals: int = 0) -> str:
    """1234.5 as 1,234.5. English and Chinese both group by three with commas, so there is one form."""
    if value is None or value == "":
        return NONE
    return f"{Decimal(str(value)):,.{decimals}f}".replace("-", "\N{MINUS SIGN}")


@register.filter
def percent(value: float | Decimal | None, decimals: int = 2) -> str:
    """The share 0.0123 as 1.23 %."""
    return NONE if value is None else f"{number(Decimal(str(value)) * 100, decimals)}\N{NARROW NO-BREAK SPACE}%"


@register.filter
def money(value: float | Decimal | None, currency: str = "") -> str:
    """An amount with its currency code, two decimals."""
    return NONE if value is None else f"{currency}\N{NO-BREAK SPACE}{number(value, 2)}".strip()


@register.filter
def amounts(sums: Mapping[str, Decimal]) -> str:
    """Amounts by currency, side by side: what is in two currencies has no one sum."""
    return " · ".join(money(value, currency) for currency, value in sorted(sums.items())) or NONE


@register.filter
def as_format(value: float | None, name: str) -> str:
    """A chart's value in the chart's own format: number, percent, money or decimal (three places)."""
    if name == "decimal":
        return NONE if value is None else number(value, 3)
    return percent(value) if name == "percent" else money(value) if name == "money" else number(value)


@register.filter
def chart_rows(chart: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A chart's figures turned into table rows: one per label, one cell per series."""
    return [
        {
            "label": label,
            "cells": [{"name": series["name"], "value": series["data"][position]} for series in chart["series"]],
        }
        for position, label in enumerate(chart["labels"])
    ]


@register.filter
def to_json(value: Any) -> str:
    """JSON for a data attribute; the template escapes it as any other text."""
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
