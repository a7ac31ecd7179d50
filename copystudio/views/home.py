"""The way in, and the language switch."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from copystudio.http import remember_language, render
from copystudio.models import User
from copystudio.selectors.workspace import memberships_of
from copystudio.services.person import person_change


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Straight into the only workspace, or a choice of several; a plain word for people without any."""
    memberships = list(memberships_of(request.user))
    if len(memberships) == 1:
        return redirect("campaigns:dashboard", workspace=memberships[0].workspace.slug)
    return render(request, "copystudio/home.html", {"memberships": memberships})


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Remember the language in a cookie, and with the person where somebody is signed in."""
    language = request.POST.get("language", "")
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = reverse("studio:home")
    response = HttpResponseRedirect(target, status=303)
    if language in dict(settings.LANGUAGES):
        translation.activate(language)
        remember_language(response, language)
        if isinstance(request.user, User):
            person_change(actor=request.user, language=language)
    return response
