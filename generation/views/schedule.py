"""The schedule by which a workspace trains by itself."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.errors import InvalidInputError
from copystudio.forms import add_errors
from copystudio.http import redirect, render
from copystudio.models import Role, Workspace
from generation.forms.training import ScheduleForm
from generation.selectors.schedule import schedule_state
from generation.services.schedule import schedule_set


@require_http_methods(["GET", "POST"])
@workspace_view(Role.ADMIN)
def schedule_edit(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    state = schedule_state(workspace)
    form = ScheduleForm(
        request.POST or None,
        schedule=state.schedule if state else None,
        time_zone=timezone.get_current_timezone_name(),
    )
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("is_on", "weekday", "hour", "least_new")}
        try:
            schedule_set(actor=request.user, workspace=workspace, config=form.to_config(), **values)
        except InvalidInputError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("The schedule is saved."))
            return redirect(request, reverse("generation:training_list", args=[workspace.slug]))
    context = {"form": form, "state": state}
    return render(request, "generation/training/schedule.html", context, status=422 if form.errors else 200)
