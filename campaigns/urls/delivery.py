"""Routes: see delivery views."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
