"""The person's own page: name, language, password, one-time codes, sessions."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from copystudio.forms import ProfileForm
from copystudio.http import redirect, remember_language, render
from copystudio.models import User
from copystudio.services.person import person_change


@require_http_methods(["GET", "POST"])
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        person_change(actor=request.user, **form.cleaned_data)
        language = form.cleaned_data["language"]
        with translation.override(language or translation.get_language_from_request(request)):
            messages.success(request, _("Saved."))
        response = redirect(request, reverse("studio:profile"))
        remember_language(response, language)
        return response
    return render(request, "copystudio/account/profile.html", {"form": form}, status=422 if form.errors else 200)
