"""Routes: see copy views."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
