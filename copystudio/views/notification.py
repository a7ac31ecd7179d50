"""A member's own notifications: the list, opening one, and marking all of them as read."""

from __future__ import annotations

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.errors import InvalidInputError
from copystudio.forms import ReadAllForm
from copystudio.http import redirect, render
from copystudio.models import Role, Workspace
from copystudio.selectors.notification import notification_get_for, notification_sentence, notifications_of
from copystudio.services.notification import notification_read, notifications_read_all


@require_safe
@workspace_view(Role.VIEWER)
def notification_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    """The own ones in pages, unread first. ``newest`` is the newest unread one, where there is any."""
    own = notifications_of(person=request.user, workspace=workspace)
    page = Paginator(own, settings.PAGE_SIZE).get_page(request.GET.get("page"))
    first = page.object_list[0] if page.number == 1 and page.object_list else own.first()
    context = {
        "page": page,
        "rows": [(row, notification_sentence(row)) for row in page],
        "newest": first if first is not None and first.is_unread else None,
    }
    return render(request, "copystudio/notification/list.html", context)


@require_POST
@workspace_view(Role.VIEWER)
def notification_open(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Mark one as read and go where it leads; the database lets it lead nowhere but into this site."""
    notification = notification_get_for(person=request.user, workspace=workspace, pk=pk)
    return redirect(request, notification_read(actor=request.user, notification=notification).url)


@require_POST
@workspace_view(Role.VIEWER)
def notification_read_all(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    form = ReadAllForm(request.POST)
    if not form.is_valid():
        raise InvalidInputError(_("Reload the list, then mark it as read."))
    notifications_read_all(actor=request.user, workspace=workspace, upto=form.cleaned_data["upto"])
    return redirect(request, reverse("studio:notification_list", args=[workspace.slug]))
