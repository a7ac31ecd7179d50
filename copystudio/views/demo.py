"""Removing the demonstration."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.http import redirect
from copystudio.models import Role, Workspace
from copystudio.services.workspace import workspace_remove_demo


@require_POST
@workspace_view(Role.ADMIN)
def demo_remove(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    workspace_remove_demo(actor=request.user, workspace=workspace)
    messages.success(request, _("The demonstration is gone. Everything else is as it was."))
    return redirect(request, reverse("studio:home"))
