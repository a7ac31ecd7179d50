"""GET /api/v1/copy: the approved texts of the workspace, for a CMS that fetches them ahead."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.base import COMMON_HEADERS, ApiView, caller_of, problems
from campaigns.api.serializers import CopyPageSerializer, CopyQuery, CopySerializer
from campaigns.models import Scope, Variant
from campaigns.selectors.approved import approved_copy_filtered, approved_copy_get_for
from campaigns.selectors.delivery import ai_statement
from copystudio.api import NewestFirst


class CopyListView(ApiView):
    scope = Scope.COPY_READ.value

    @extend_schema(
        operation_id="copy_list",
        tags=["copy"],
        summary=_("Read approved copy"),
        description=_(
            "Newest first, a page at a time. Copy that was retired is no longer in the list, and asking for it by its "
            "number gives 404."
        ),
        parameters=[CopyQuery, *COMMON_HEADERS],
        responses={200: OpenApiResponse(CopyPageSerializer, description=_("One page.")), **problems(404, 422)},
    )
    def get(self, request: Request) -> Response:
        query = CopyQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        wanted = {name: value for name, value in query.validated_data.items() if name not in {"limit", "cursor"}}
        rows = approved_copy_filtered(caller_of(request).workspace, **wanted)
        pages = NewestFirst()
        page = pages.paginate_queryset(rows, request, view=self) or []
        return pages.get_paginated_response([entry(variant) for variant in page])


class CopyDetailView(ApiView):
    scope = Scope.COPY_READ.value

    @extend_schema(
        operation_id="copy_detail",
        tags=["copy"],
        summary=_("Read one approved text"),
        description=_("The approved text of a variant. A newer draft of it is not shown before it is approved."),
        parameters=[
            OpenApiParameter("id", OpenApiTypes.INT64, OpenApiParameter.PATH, description=_("Number of the variant.")),
            *COMMON_HEADERS,
        ],
        responses={200: OpenApiResponse(CopySerializer, description=_("The text.")), **problems(404)},
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(entry(approved_copy_get_for(workspace_id=caller_of(request).workspace, pk=pk)))


def entry(variant: Variant) -> dict[str, Any]:
    revision, campaign, product = variant.approved_revision, variant.campaign, variant.product
    assert revision is not None  # the selector asks for it
    return {
        "id": variant.pk,
        "revision": revision.pk,
        "text": revision.text,
        "sha256": revision.sha256,
        "language": variant.language,
        "channel": variant.channel.key,
        "campaign": {"id": campaign.pk, "name": campaign.name, "status": campaign.status},
        "product": {"sku": product.sku, "title": product.title} if product else None,
        "segment": variant.segment.slug if variant.segment else None,
        "ai": ai_statement(variant),
        "approved_at": variant.approved_at,  # type: ignore[attr-defined]
        "updated_at": variant.updated_at,
    }
