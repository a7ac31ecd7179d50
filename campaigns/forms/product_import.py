"""Forms of the product import: the upload, and which column is read into which field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from campaigns.feeds import KeySource, Target
from campaigns.feeds.messages import TARGET_NAMES
from campaigns.models import ProductImport

TARGETS: dict[str, Any] = {target: _(TARGET_NAMES[target]) for target in Target}
KEYS = {KeySource.SKU: _("Its SKU"), KeySource.URL: _("Its product page"), KeySource.TITLE: _("Its title")}
FACT = "fact"


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("Product file"),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.xml,.json,.jsonl"}),
    )
    language = forms.ChoiceField(
        label=_("Language of the texts"),
        choices=[("", _("The file says so, or it is mixed")), *settings.LANGUAGES],
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _(
            "A Shopify export, Google Merchant XML, JSON lines, CSV or Excel (XLSX), up to %(limit_mb)s MB."
        ) % {"limit_mb": settings.IMPORT_MAX_BYTES // 1024 // 1024}


class MappingForm(forms.Form):
    """One choice for each column (``column_0`` …), what identifies a product, and the currency of bare prices."""

    key = forms.ChoiceField(
        label=_("A product is the same by"),
        choices=list(KEYS.items()),
        help_text=_("Importing again updates the same products."),
    )
    default_currency = forms.RegexField(
        label=_("Currency of prices that name none"),
        regex=r"^[A-Za-z]{3}$",
        required=False,
        error_messages={"invalid": _("Use the three letters of the currency, such as CNY or USD.")},
    )

    def __init__(self, job: ProductImport, data: QueryDict | None = None) -> None:
        self.job = job
        mapping = job.mapping
        initial = {"key": mapping["key"], "default_currency": mapping["default_currency"]}
        super().__init__(data, initial=initial)
        for number, (column, target) in enumerate(mapping["columns"]):
            fact = target.removeprefix("fact:") if target.startswith("fact:") else column
            choices = [("", _("Leave out")), *TARGETS.items(), (FACT, _("Fact “%(name)s”") % {"name": fact[:60]})]
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=column,
                choices=choices,
                required=False,
                initial=FACT if target.startswith("fact:") else target,
            )

    def clean(self) -> dict[str, Any]:
        """Prices that name no currency need one: better asked here than refused line by line by the check."""
        data: dict[str, Any] = super().clean() or {}
        chosen = [data.get(f"column_{number}") for number in range(len(self.job.mapping["columns"]))]
        if Target.PRICE in chosen and Target.CURRENCY not in chosen and not data.get("default_currency"):
            column = self.job.mapping["columns"][chosen.index(Target.PRICE)][0]
            if column in self.job.sample.get("bare_prices", []) and "default_currency" not in self.errors:
                self.add_error("default_currency", _("The prices name no currency. Say which one they are in."))
        return data

    def columns(self) -> list[tuple[str, Any]]:
        """Column names with their bound choices, in the order of the file."""
        pairs = enumerate(self.job.mapping["columns"])
        return [(column, self[f"column_{number}"]) for number, (column, _target) in pairs]

    def to_mapping(self) -> dict[str, Any]:
        columns = []
        for number, (column, before) in enumerate(self.job.mapping["columns"]):
            target = self.cleaned_data[f"column_{number}"]
            if target == FACT:
                target = before if before.startswith("fact:") else f"fact:{column[:120]}"
            columns.append([column, target])
        return {
            **self.job.mapping,
            "columns": columns,
            "key": self.cleaned_data["key"],
            "default_currency": self.cleaned_data["default_currency"].upper(),
        }
