"""Forms of products, brands, segments and channels."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from campaigns.forms.fields import FactsField, InterestsField, WordsField
from campaigns.models import AudienceSegment, Brand, Channel, Product
from campaigns.selectors.catalogue import categories, search, vendors, versions_to_choose
from campaigns.services.product import ProductData
from copystudio.models import Role, Workspace
from generation.models import ModelVersion

PLATFORM_LANGUAGES = [("", _("Not said")), *settings.LANGUAGES]


class ProductForm(forms.Form):
    sku = forms.CharField(label=_("SKU"), max_length=120)
    title = forms.CharField(label=_("Title"), max_length=500)
    description = forms.CharField(
        label=_("Description"), max_length=20_000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    category = forms.CharField(label=_("Category"), max_length=200, required=False)
    vendor = forms.CharField(label=_("Vendor"), max_length=200, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=PLATFORM_LANGUAGES, required=False)
    url = forms.URLField(label=_("Product page"), max_length=1000, required=False, assume_scheme="https")
    image_url = forms.URLField(label=_("Image"), max_length=1000, required=False, assume_scheme="https")
    price = forms.DecimalField(label=_("Price"), min_value=0, max_digits=14, decimal_places=2, required=False)
    was_price = forms.DecimalField(label=_("Was price"), min_value=0, max_digits=14, decimal_places=2, required=False)
    currency = forms.RegexField(
        label=_("Currency"),
        regex=r"^[A-Za-z]{3}$",
        required=False,
        help_text=_("Three letters: CNY, USD, EUR."),
        error_messages={"invalid": _("Use the three letters of the currency, such as CNY or USD.")},
    )
    tags = WordsField(label=_("Tags"))
    facts = FactsField(label=_("Facts"))

    def __init__(self, data: QueryDict | None = None, *, product: Product | None = None) -> None:
        super().__init__(data)
        if product is None:
            return
        facts = [(fact.attribute, fact.value, fact.unit) for fact in product.facts.all()]
        self.initial = {name: getattr(product, name) for name in self.fields if name != "facts"} | {"facts": facts}
        fields: dict[str, Any] = self.fields
        fields["facts"].known, fields["tags"].known = facts, product.tags
        if product.language not in dict(PLATFORM_LANGUAGES):  # a file may bring others, and saving must not lose them
            fields["language"].choices = [*PLATFORM_LANGUAGES, (product.language, product.language)]

    def to_data(self) -> ProductData:
        values = {**self.cleaned_data, "currency": self.cleaned_data["currency"].upper()}
        return ProductData(**values)


class ProductFilter(django_filters.FilterSet):
    """The filters of the product list; categories and vendors are those that the workspace has."""

    q = django_filters.CharFilter(label=_("Search"), method="by_text", max_length=200, widget=forms.SearchInput)
    category = django_filters.ChoiceFilter(label=_("Category"), empty_label=_("All"))
    vendor = django_filters.ChoiceFilter(label=_("Vendor"), empty_label=_("All"))
    status = django_filters.ChoiceFilter(label=_("Status"), choices=Product.Status.choices, empty_label=_("All"))

    class Meta:
        model = Product
        fields = ["q", "category", "vendor", "status"]

    def __init__(self, data: QueryDict, *, queryset: QuerySet[Product], workspace: Workspace) -> None:
        super().__init__(data, queryset=queryset)
        self.filters["category"].extra["choices"] = [(name, name) for name in categories(workspace)]
        self.filters["vendor"].extra["choices"] = [(name, name) for name in vendors(workspace)]

    def by_text(self, rows: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        return rows.filter(search(value.strip())) if value.strip() else rows


class VersionField(forms.ModelChoiceField):
    def label_from_instance(self, version: ModelVersion) -> str:
        name = f" · {version.name}" if version.name and version.name != version.language_model.name else ""
        return f"{version}{name} ({version.get_status_display()})"


class BrandForm(forms.ModelForm):
    """Which model version writes for the brand is the choice of admins: others get no such field."""

    must_words = WordsField(label=_("Must words"), help_text=_("Every text of this brand contains these."))
    never_words = WordsField(label=_("Never words"), help_text=_("No text of this brand contains these."))
    model_version = VersionField(
        label=_("Model version"),
        queryset=ModelVersion.objects.none(),
        required=False,
        empty_label=_("The one that is active in the workspace"),
        help_text=_("What writes for this brand."),
    )

    class Meta:
        model = Brand
        fields = [
            "name",
            "voice",
            "tone",
            "must_words",
            "never_words",
            "good_examples",
            "bad_examples",
            "model_version",
        ]
        widgets = {
            "voice": forms.Textarea(attrs={"rows": 3}),
            "good_examples": forms.Textarea(attrs={"rows": 3}),
            "bad_examples": forms.Textarea(attrs={"rows": 3}),
        }
        help_texts = {
            "voice": _("How the brand speaks, in two or three sentences."),
            "good_examples": _("Texts that sound right, one per line."),
            "bad_examples": _("Texts that do not, one per line."),
        }

    def __init__(
        self, data: QueryDict | None = None, *, workspace: Workspace, role: Role, instance: Brand | None = None
    ) -> None:
        super().__init__(data, instance=instance)
        if role.covers(Role.ADMIN):
            fields: dict[str, Any] = self.fields
            fields["model_version"].queryset = versions_to_choose(workspace)
        else:
            del self.fields["model_version"]


class SegmentForm(forms.ModelForm):
    interests = InterestsField(label=_("Interests"))
    words = WordsField(label=_("Their words"), help_text=_("Words these people use themselves."))
    avoid_words = WordsField(label=_("Words to avoid"))
    slug = forms.SlugField(
        label=_("Short name"), max_length=60, required=False, help_text=_("For the API. Left empty, one is made.")
    )

    class Meta:
        model = AudienceSegment
        fields = ["name", "slug", "description", "interests", "words", "avoid_words", "tone"]
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}


class ChannelForm(forms.Form):
    soft_limit = forms.IntegerField(label=_("Advised limit"), min_value=1, max_value=100_000, required=False)
    hard_limit = forms.IntegerField(label=_("Limit"), min_value=1, max_value=100_000)
    source_url = forms.CharField(label=_("Source"), max_length=300, required=False)

    @classmethod
    def initial_of(cls, channel: Channel) -> dict[str, object]:
        return {name: getattr(channel, name) for name in cls.base_fields}
