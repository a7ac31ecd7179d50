"""Sign-in and everything around it, by allauth; sign-up is closed."""

from django.urls import include, path

urlpatterns = [path("", include("allauth.urls"))]
