"""/api/v1/runs: generation runs for systems that want copy written, and their candidates."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, PolymorphicProxySerializer, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from campaigns.api.base import COMMON_HEADERS, ApiView, caller_of, problems
from campaigns.api.run_bodies import candidate_body, run_body, run_entry
from campaigns.api.run_examples import CANDIDATE_EXAMPLE, REQUEST_EXAMPLES, RUN_EXAMPLE
from campaigns.api.run_serializers import (
    BriefRunSerializer,
    CandidatePageSerializer,
    PageQuery,
    RunPageSerializer,
    RunQuery,
    RunSerializer,
    WishSerializer,
)
from campaigns.models import ApiClient, Scope
from campaigns.selectors.beside import texts_beside
from campaigns.selectors.client import client_calling
from campaigns.selectors.run import IS_PAUSED, candidates, run_get_for, runs
from campaigns.services.api_request import Answer, fingerprint_of, request_once
from campaigns.services.api_run import RunWish, client_run_cancel, client_run_start
from copystudio.api import NewestFirst, OldestFirst

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
    OpenApiParameter.HEADER,
    description=_(
        "Made by you for each wish, such as a UUID, and the same on every retry: the wish is then done once, and every "
        "retry within 24 hours gets the first answer. With another request it is refused with 422, and with 409 while "
        "the first one is being worked on."
    ),
)
REPLAYED = OpenApiParameter(
    "Idempotency-Replayed",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=_("“true” where this is the answer of an earlier request with the same Idempotency-Key."),
    response=[200, 202],
)
LOCATION = OpenApiParameter(
    "Location", OpenApiTypes.STR, OpenApiParameter.HEADER, description=_("URL of the run."), response=[200, 202]
)
RUN_ID = OpenApiParameter("id", OpenApiTypes.INT64, OpenApiParameter.PATH, description=_("Number of the run."))
WISH = PolymorphicProxySerializer(
    component_name="RunRequest",
    serializers=[BriefRunSerializer, WishSerializer],
    resource_type_field_name=None,
)


def once(request: Request, work: Any, body: Any = None) -> Answer:
    """Do what the request asks for once for its Idempotency-Key."""
    caller = caller_of(request)
    canonical = json.dumps(body, sort_keys=True, ensure_ascii=False).encode()
    return request_once(
        workspace_id=caller.workspace,
        client_id=caller.client,
        key=request.headers.get("Idempotency-Key"),
        fingerprint=fingerprint_of(method=request.method or "", path=request.path, body=canonical),
        work=work,
    )


def answered(request: Request, answer: Answer) -> Response:
    headers = {"Location": reverse("api:run_detail", args=[answer.body["id"]], request=request)}
    if answer.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(answer.body, status=answer.status, headers=headers)


def client_of(request: Request) -> ApiClient:
    caller = caller_of(request)
    return client_calling(workspace_id=caller.workspace, pk=caller.client)


class RunListView(ApiView):
    scope = Scope.GENERATE.value

    @extend_schema(
        operation_id="run_list",
        tags=["runs"],
        summary=_("List generation runs"),
        description=_("All runs of the workspace, newest first, a page at a time."),
        parameters=[RunQuery, *COMMON_HEADERS],
        responses={200: OpenApiResponse(RunPageSerializer, description=_("One page.")), **problems(404, 422)},
    )
    def get(self, request: Request) -> Response:
        query = RunQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        rows = runs(client_of(request).workspace)
        if status := query.validated_data.get("status"):
            rows = rows.filter(status=status)
        if paused := query.validated_data.get("paused"):
            rows = rows.filter(IS_PAUSED if paused == "true" else ~IS_PAUSED)
        pages = NewestFirst()
        page = pages.paginate_queryset(rows, request, view=self) or []
        return pages.get_paginated_response([run_entry(run) for run in page])

    @extend_schema(
        operation_id="run_start",
        tags=["runs"],
        summary=_("Start a generation run"),
        description=_(
            "From a brief of the studio, or from what the body says. The key acts for the person who made it, whose role "
            "has to allow writing. Poll the run, or let a webhook tell you when it ends. While an equal run of the same "
            "brief is open, the answer is that run, with 200."
        ),
        request=WISH,
        examples=REQUEST_EXAMPLES,
        parameters=[IDEMPOTENCY_KEY, REPLAYED, LOCATION, *COMMON_HEADERS],
        responses={
            200: OpenApiResponse(RunSerializer, description=_("An equal run is open already."), examples=[RUN_EXAMPLE]),
            202: OpenApiResponse(RunSerializer, description=_("The run is queued."), examples=[RUN_EXAMPLE]),
            **problems(404, 409, 413, 415, 422),
        },
    )
    def post(self, request: Request) -> Response:
        wish = wish_of(request.data)
        client = client_of(request)

        def work() -> Answer:
            run, is_new = client_run_start(client=client, wish=wish)
            return Answer(202 if is_new else 200, run_body(run))

        return answered(request, once(request, work, request.data))


def wish_of(data: Any) -> int | RunWish:
    """A brief's number, or the wish that the body spells out."""
    if isinstance(data, dict) and "brief" in data:
        by_brief = BriefRunSerializer(data=data)
        by_brief.is_valid(raise_exception=True)
        return int(by_brief.validated_data["brief"])
    spelt_out = WishSerializer(data=data)
    spelt_out.is_valid(raise_exception=True)
    return RunWish(**spelt_out.validated_data)


class RunDetailView(ApiView):
    scope = Scope.GENERATE.value

    @extend_schema(
        operation_id="run_detail",
        tags=["runs"],
        summary=_("Look at a generation run"),
        description=_("How far it is, what was dropped and why, and how long it may take."),
        parameters=[RUN_ID, *COMMON_HEADERS],
        responses={
            200: OpenApiResponse(RunSerializer, description=_("The run."), examples=[RUN_EXAMPLE]),
            **problems(404),
        },
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(run_body(run_get_for(workspace=client_of(request).workspace, pk=pk)))


class RunCandidatesView(ApiView):
    scope = Scope.GENERATE.value

    @extend_schema(
        operation_id="run_candidates",
        tags=["runs"],
        summary=_("Read the candidates of a run"),
        description=_(
            "In the order in which they came, also while the run goes on. They are raw output that nobody has reviewed: "
            "publish only approved copy, which “copy” and “decide” give."
        ),
        parameters=[RUN_ID, PageQuery, *COMMON_HEADERS],
        responses={
            200: OpenApiResponse(CandidatePageSerializer, description=_("One page."), examples=[CANDIDATE_EXAMPLE]),
            **problems(404, 422),
        },
    )
    def get(self, request: Request, pk: int) -> Response:
        query = PageQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        run = run_get_for(workspace=client_of(request).workspace, pk=pk)
        pages = OldestFirst()
        page = pages.paginate_queryset(candidates(run.workspace).filter(item__run=run), request, view=self) or []
        beside = texts_beside(run.workspace, page)
        return pages.get_paginated_response([candidate_body(one, beside.get(one.pk, ())) for one in page])


class RunCancelView(ApiView):
    scope = Scope.GENERATE.value

    @extend_schema(
        operation_id="run_cancel",
        tags=["runs"],
        summary=_("Cancel a generation run"),
        description=_(
            "A queued run ends at once, a running one after its present step. Candidates that came so far stay. "
            "Cancelling twice is one wish; a run that has ended answers with 409."
        ),
        request=None,
        parameters=[RUN_ID, IDEMPOTENCY_KEY, REPLAYED, LOCATION, *COMMON_HEADERS],
        responses={
            202: OpenApiResponse(RunSerializer, description=_("The wish is noted."), examples=[RUN_EXAMPLE]),
            **problems(404, 409, 422),
        },
    )
    def post(self, request: Request, pk: int) -> Response:
        client = client_of(request)

        def work() -> Answer:
            return Answer(202, run_body(client_run_cancel(client=client, run_id=pk)))

        return answered(request, once(request, work))
