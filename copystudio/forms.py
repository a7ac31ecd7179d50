"""Forms about people, and what form views share."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.conf import settings
from django.db.models import BigIntegerField, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from copystudio.errors import InvalidInputError
from copystudio.models import Event, Role, User, Workspace
from copystudio.selectors.event_words import action_choices, kind_choices


def add_errors(form: forms.BaseForm, error: InvalidInputError) -> None:
    """Show a service's refusal beside the fields that it names, or above the form."""
    for field, texts in error.fields.items():
        form.add_error(field if field in form.fields else None, [str(text) for text in texts])
    if not error.fields:
        form.add_error(None, str(error.message))


class MemberForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=120)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.COPYWRITER)


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["name", "language", "email_notifications"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [("", _("As the browser asks")), *settings.LANGUAGES]  # type: ignore[attr-defined]
        emails = self.fields["email_notifications"]
        emails.label = _("Send me notifications by e-mail too")
        if not settings.EMAIL.host:
            emails.disabled = True
            emails.help_text = _("This studio has no mail server, so it sends none.")


class ReadAllForm(forms.Form):
    """How far a person has seen the own notifications: the id of the newest one on the page."""

    upto = forms.IntegerField(min_value=0, max_value=BigIntegerField.MAX_BIGINT)


class EventFilter(django_filters.FilterSet):
    """The filters of the audit log."""

    q = django_filters.CharFilter(
        label=_("Search"), field_name="object_label", lookup_expr="icontains", max_length=100, widget=forms.SearchInput
    )
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), field_name="object_type", choices=kind_choices, empty_label=_("Everything")
    )
    action = django_filters.ChoiceFilter(
        label=_("What"), field_name="verb", method="done", choices=action_choices, empty_label=_("Anything")
    )
    actor = django_filters.ModelChoiceFilter(label=_("Who"), queryset=User.objects.none(), empty_label=_("Everybody"))

    class Meta:
        model = Event
        fields = ["q", "kind", "action", "actor"]

    def __init__(self, data: QueryDict, *, queryset: QuerySet[Event], workspace: Workspace) -> None:
        super().__init__(data, queryset=queryset)
        people = User.objects.filter(memberships__workspace=workspace).order_by("name")
        self.filters["actor"].queryset = people

    def done(self, queryset: QuerySet[Event], name: str, value: str) -> QuerySet[Event]:
        """A verb is "<kind>.<action>"."""
        return queryset.filter(**{f"{name}__endswith": f".{value}"})
