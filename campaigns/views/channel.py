"""Channels: their limits, and new versions of them."""

from __future__ import annotations

from itertools import groupby

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.forms.catalogue import ChannelForm
from campaigns.models import Channel
from campaigns.selectors.catalogue import channel_get_for, channels
from campaigns.services.channel import channel_revise
from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.errors import InvalidInputError
from copystudio.forms import add_errors
from copystudio.http import redirect, render
from copystudio.models import Role, Workspace


@require_safe
@workspace_view(Role.VIEWER)
def channel_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    """All channels on one page: there are as many as platforms have fields, not as many as a shop has customers."""
    rows = channels(workspace)[:500]
    groups = [(name, list(found)) for name, found in groupby(rows, key=lambda channel: channel.platform_name)]
    return render(request, "campaigns/channel/list.html", {"groups": groups})


@require_http_methods(["GET", "POST"])
@workspace_view(Role.ADMIN)
def channel_edit(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    channel = channel_get_for(workspace=workspace, pk=pk)
    form = ChannelForm(request.POST or None, initial=ChannelForm.initial_of(channel))
    if request.method == "POST" and form.is_valid():
        try:
            revised = channel_revise(actor=request.user, channel=channel, **form.cleaned_data)
        except InvalidInputError as error:
            add_errors(form, error)
        else:
            values = {"name": revised.name, "version": revised.version}
            messages.success(request, _("“%(name)s” now has version %(version)d.") % values)
            return redirect(request, reverse("campaigns:channel_list", args=[workspace.slug]))
    versions = Channel.objects.filter(workspace=workspace, key=channel.key)[:50]
    context = {"form": form, "channel": channel, "versions": versions}
    return render(request, "campaigns/channel/form.html", context, status=422 if form.errors else 200)
