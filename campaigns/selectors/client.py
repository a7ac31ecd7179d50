"""Reading API clients."""

from __future__ import annotations

from django.db.models import F, QuerySet
from django.http import Http404

from campaigns.models import ApiClient
from copystudio.models import Workspace


def clients(workspace: Workspace) -> QuerySet[ApiClient]:
    """The workspace's clients, those in force first."""
    return (
        ApiClient.objects.filter(workspace=workspace)
        .select_related("created_by")
        .order_by(F("revoked_at").desc(nulls_first=True), "-id")
    )


def client_calling(*, workspace_id: int, pk: int) -> ApiClient:
    """The client behind a request that was let in, with its workspace and the person who made it, as they are now."""
    return ApiClient.objects.select_related("workspace", "created_by").get(workspace_id=workspace_id, pk=pk)


def client_get_for(*, workspace: Workspace, pk: int) -> ApiClient:
    """Raises Http404 where the workspace has no such client."""
    client = clients(workspace).filter(pk=pk).first()
    if client is None:
        raise Http404
    return client
