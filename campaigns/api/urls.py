"""The REST API, below ``/api/``."""

from django.urls import path

from campaigns.api.copy import CopyDetailView, CopyListView
from campaigns.api.decide import DecideView
from campaigns.api.description import SchemaView
from campaigns.api.events import EventsView
from campaigns.api.reference import docs
from campaigns.api.runs import RunCancelView, RunCandidatesView, RunDetailView, RunListView

app_name = "api"
urlpatterns = [
    path("v1/decide", DecideView.as_view(), name="decide"),
    path("v1/events", EventsView.as_view(), name="events"),
    path("v1/copy", CopyListView.as_view(), name="copy_list"),
    path("v1/copy/<int:pk>", CopyDetailView.as_view(), name="copy_detail"),
    path("v1/runs", RunListView.as_view(), name="run_list"),
    path("v1/runs/<int:pk>", RunDetailView.as_view(), name="run_detail"),
    path("v1/runs/<int:pk>/candidates", RunCandidatesView.as_view(), name="run_candidates"),
    path("v1/runs/<int:pk>/cancel", RunCancelView.as_view(), name="run_cancel"),
    path("v1/openapi.json", SchemaView.as_view(), name="schema"),
    path("docs/", docs, name="docs"),
]
