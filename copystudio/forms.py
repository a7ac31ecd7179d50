"""Forms about people."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from copystudio.models import Event, Role, User, Workspace


class MemberForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=120)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.COPYWRITER)


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["name", "language"]


class EventFilter(django_filters.FilterSet):
    """The filters of the audit log."""

    q = django_filters.CharFilter(
        label=_("Search"), field_name="object_label", lookup_expr="icontains", max_length=100, widget=forms.SearchInput
    )
    verb = django_filters.CharFilter(label=_("What"), lookup_expr="startswith", max_length=60)
    actor = django_filters.ModelChoiceFilter(label=_("Who"), queryset=User.objects.none(), empty_label=_("Everybody"))

    class Meta:
        model = Event
        fields = ["q", "verb", "actor"]

    def __init__(self, data: QueryDict, *, queryset: QuerySet[Event], workspace: Workspace) -> None:
        super().__init__(data, queryset=queryset)
        people = User.objects.filter(memberships__workspace=workspace).order_by("name")
        self.filters["actor"].queryset = people
