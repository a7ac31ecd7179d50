"""The Django admin, below ``/admin/``: every workspace's rows to read, for superusers, and actions that call services.

It has no sign-in page of its own: the application's has the one-time codes and the limit on guessing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from copystudio.errors import InvalidInputError, StudioError, Text
from copystudio.models import User


class OperatorRequest(HttpRequest):
    """A request of a signed-in superuser: what the site hands to its tables."""

    user: User


class OperatorSite(admin.AdminSite):
    """For who is not signed in each page leads to the application's sign-in page; for members there is none."""

    site_title = site_header = _("Copy Studio: operation")
    index_title = _("All workspaces")

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_superuser

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not self.has_permission(request):
                raise Http404
            return view(request, *args, **kwargs)

        return csrf_protect(never_cache(guarded))

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Of Django's pages only those that read: no sign-in, no passwords, no look-ups for forms."""
        tables = [
            path(f"{model._meta.app_label}/{model._meta.model_name}/", include(table.urls))
            for model, table in self._registry.items()
        ]
        return [
            path("", self.admin_view(require_safe(self.index)), name="index"),
            path("jsi18n/", self.admin_view(require_safe(self.i18n_javascript)), name="jsi18n"),
            *tables,
            path("<slug:app_label>/", self.admin_view(require_safe(self.app_index)), name="app_list"),
        ]


site = OperatorSite()


class ReadOnlyAdmin(admin.ModelAdmin):
    """A table to read. Every change goes through a service, called by an action of the list."""

    ordering = ("-pk",)
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        rows = require_http_methods(["GET", "HEAD", "POST"])(self.changelist_view)
        row = require_safe(self.change_view)
        return [
            path("", self.admin_site.admin_view(rows), name=f"{name}_changelist"),
            path("<path:object_id>/change/", self.admin_site.admin_view(row), name=f"{name}_change"),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def shown(name: str, label: Any) -> Callable[[Model], str]:
    """A column, or a line of a row's page, under a label of its own: most fields have no name for people."""

    @admin.display(description=label, ordering=name, empty_value="–")
    def value(row: Model) -> str:
        words = getattr(row, f"get_{name}_display", None)
        found = words() if words else getattr(row, name)
        if isinstance(found, bool):
            return gettext("Yes") if found else gettext("No")
        if isinstance(found, datetime):
            return date_format(timezone.localtime(found), "DATETIME_FORMAT")
        if isinstance(found, dict | list):
            return json.dumps(found, ensure_ascii=False, indent=1) if found else "–"
        return "–" if found in (None, "") else str(found)

    value.__name__ = name
    return value


def filter_by(name: str, label: Text, kind: type[admin.FieldListFilter]) -> tuple[str, type[admin.FieldListFilter]]:
    """A filter of a list under a label of its own."""

    class Labelled(kind):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.title = label

    return name, Labelled


def act_on_each(request: HttpRequest, rows: QuerySet[Any], act: Callable[[Any], Text]) -> None:
    """Call a service for each row, one after the other, and show what it says: its word, or why it refused."""
    for row in rows:
        name = f"{row} · {row.workspace}" if hasattr(row, "workspace") else str(row)
        try:
            said = act(row)
        except StudioError as error:
            messages.error(request, f"{name}: {refusal(error)}")
        else:
            messages.success(request, f"{name}: {said}")


def refusal(error: StudioError) -> str:
    """What a form would show beside its fields, in one line."""
    fields = error.fields if isinstance(error, InvalidInputError) else {}
    return " ".join(str(reason) for reasons in fields.values() for reason in reasons) or str(error.message)
