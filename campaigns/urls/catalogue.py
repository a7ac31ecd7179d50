"""Routes: see catalogue views."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
