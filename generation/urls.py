"""The pages of the generation app, below ``/w/<workspace>/``."""

from django.urls import URLPattern

app_name = "generation"
urlpatterns: list[URLPattern] = []
