"""Forms of the product import: the upload, and which column is read into which field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from campaigns.feeds import KeySource, Target
from campaigns.models import ProductImport

TARGETS: dict[str, Any] = {
    Target.SKU: _("SKU"),
    Target.TITLE: _("Title"),
    Target.DESCRIPTION: _("Description"),
    Target.CATEGORY: _("Category"),
    Target.VENDOR: _("Vendor"),
    Target.LANGUAGE: _("Language"),
    Target.URL: _("Product page"),
    Target.IMAGE_URL: _("Image"),
    Target.PRICE: _("Price"),
    Target.WAS_PRICE: _("Was price"),
    Target.CURRENCY: _("Currency"),
    Target.TAGS: _("Tags"),
    Target.STATUS: _("Status"),
    Target.SPECIFICATIONS: _("List of specifications"),
}
KEYS = {KeySource.SKU: _("Its SKU"), KeySource.URL: _("Its product page"), KeySource.TITLE: _("Its title")}
FACT = "fact"


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("Product file"),
        help_text=_("A Shopify export, Google Merchant XML, JSON lines, CSV or Excel (XLSX), up to 200 MB."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.xml,.json,.jsonl"}),
    )
    language = forms.ChoiceField(
        label=_("Language of the texts"),
        choices=[("", _("The file says so, or it is mixed")), *settings.LANGUAGES],
        required=False,
    )


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
