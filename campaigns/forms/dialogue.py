"""Forms of service dialogues: the filters of their list, and the upload."""

from __future__ import annotations

import django_filters
from django import forms
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from campaigns.models import ServiceDialogue


class DialogueFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("Search"), method="by_text", max_length=200, widget=forms.SearchInput)
    language = django_filters.ChoiceFilter(label=_("Language"), choices=settings.LANGUAGES, empty_label=_("All"))

    class Meta:
        model = ServiceDialogue
        fields = ["q", "language"]

    def by_text(self, rows: QuerySet[ServiceDialogue], name: str, value: str) -> QuerySet[ServiceDialogue]:
        text = value.strip()
        found = Q(question__icontains=text) | Q(answer__icontains=text) | Q(sku__icontains=text)
        return rows.filter(found) if text else rows


class DialogueForm(forms.Form):
    file = forms.FileField(
        label=_("File of dialogues"),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.json,.jsonl"}),
        help_text=_(
            "CSV, Excel (XLSX) or JSON lines, up to 20 MB and 20,000 rows, with the columns question, answer and sku;"
            " language (en or zh-hans) is optional."
        ),
    )
