"""Who belongs to the workspace (admins only), and the audit log."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.errors import InvalidInputError
from copystudio.forms import EventFilter, MemberForm, RoleForm
from copystudio.http import redirect, render
from copystudio.models import Membership, Role, Workspace
from copystudio.selectors.event_words import event_rows
from copystudio.selectors.workspace import events, member_get_for, members
from copystudio.services.member import member_add, member_change_role, member_remove, member_reset_password


def _list(workspace: Workspace) -> str:
    return reverse("studio:member_list", args=[workspace.slug])


def _after(request: WorkspaceRequest, changed: Membership) -> str:
    """Where a change of a member leads: whoever changed the own membership may not see the list any more."""
    return reverse("studio:home") if changed.user_id == request.user.pk else _list(changed.workspace)


@require_safe
@workspace_view(Role.ADMIN)
def member_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    page = Paginator(members(workspace), settings.PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [(row, RoleForm(initial={"role": row.role}, auto_id=f"id_{row.pk}_%s")) for row in page]
    return render(request, "copystudio/member/list.html", {"page": page, "rows": rows})


@require_http_methods(["GET", "POST"])
@workspace_view(Role.ADMIN)
def member_create(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            membership, password = member_add(
                actor=request.user, workspace=workspace, email=data["email"], name=data["name"], role=Role(data["role"])
            )
        except InvalidInputError as error:
            for field, texts in error.fields.items():
                form.add_error(field, [str(text) for text in texts])
        else:
            if password is None:
                messages.success(request, _("%(person)s now belongs to this workspace.") % {"person": membership.user})
                return redirect(request, _list(workspace))
            return render(request, "copystudio/member/password.html", {"membership": membership, "password": password})
    status = 422 if form.errors else 200
    return render(request, "copystudio/member/form.html", {"form": form}, status=status)


@require_POST
@workspace_view(Role.ADMIN)
def member_role(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    membership = member_get_for(workspace=workspace, pk=pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise InvalidInputError(_("Choose a role."))
    changed = member_change_role(actor=request.user, membership=membership, role=Role(form.cleaned_data["role"]))
    messages.success(
        request, _("%(person)s is now %(role)s.") % {"person": changed.user, "role": changed.get_role_display()}
    )
    return redirect(request, _after(request, changed))


@require_POST
@workspace_view(Role.ADMIN)
def member_delete(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    membership = member_get_for(workspace=workspace, pk=pk)
    member_remove(actor=request.user, membership=membership)
    messages.success(request, _("%(person)s no longer belongs to this workspace.") % {"person": membership.user})
    return redirect(request, _after(request, membership))


@require_POST
@workspace_view(Role.ADMIN)
def member_password(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    membership = member_get_for(workspace=workspace, pk=pk)
    password = member_reset_password(actor=request.user, membership=membership)
    return render(request, "copystudio/member/password.html", {"membership": membership, "password": password})


@require_safe
@workspace_view(Role.ADMIN)
def event_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    """The audit log, newest first, filtered by what happened to what and who did it."""
    filters = EventFilter(request.GET, queryset=events(workspace), workspace=workspace)
    page = Paginator(filters.qs, settings.PAGE_SIZE * 2).get_page(request.GET.get("page"))
    context = {"page": page, "rows": event_rows(page.object_list, workspace=workspace.slug), "form": filters.form}
    return render(request, "copystudio/event/list.html", context, fragment="copystudio/event/partials/rows.html")
