"""Audience segments: list, one segment, forms."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.forms.catalogue import SegmentForm
from campaigns.models import AudienceSegment
from campaigns.selectors.catalogue import segment_get_for, segments
from campaigns.services.audience import segment_save
from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.errors import InvalidInputError
from copystudio.forms import add_errors
from copystudio.http import redirect, render
from copystudio.models import Role, Workspace


@require_safe
@workspace_view(Role.VIEWER)
def segment_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    page = Paginator(segments(workspace), settings.PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "campaigns/segment/list.html", {"page": page})


@require_safe
@workspace_view(Role.VIEWER)
def segment_detail(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    segment = segment_get_for(workspace=workspace, pk=pk)
    variants = segment.variants.select_related("channel", "current_revision").order_by("-id")[:10]
    return render(request, "campaigns/segment/detail.html", {"segment": segment, "variants": variants})


@require_http_methods(["GET", "POST"])
@workspace_view(Role.COPYWRITER)
def segment_create(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    return _form(request, workspace, None)


@require_http_methods(["GET", "POST"])
@workspace_view(Role.COPYWRITER)
def segment_edit(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    return _form(request, workspace, segment_get_for(workspace=workspace, pk=pk))


def _form(request: WorkspaceRequest, workspace: Workspace, segment: AudienceSegment | None) -> HttpResponse:
    form = SegmentForm(request.POST or None, instance=segment)
    if request.method == "POST" and form.is_valid():
        try:
            saved = segment_save(actor=request.user, workspace=workspace, segment=segment, **form.cleaned_data)
        except InvalidInputError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved “%(name)s”.") % {"name": saved.name})
            return redirect(request, reverse("campaigns:segment_detail", args=[workspace.slug, saved.pk]))
    context = {"form": form, "segment": segment}
    return render(request, "campaigns/segment/form.html", context, status=422 if form.errors else 200)
