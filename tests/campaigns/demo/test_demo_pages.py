"""The demonstration: it loads, every page of it works, and removing it leaves nothing behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from campaigns.models import (
    Brand,
    Brief,
    Campaign,
    Channel,
    DailyCount,
    Placement,
    Product,
    ProductImport,
    ReviewEvent,
    Variant,
)
from campaigns.services.demo import demo_load
from copystudio.db import JobStatus
from copystudio.errors import NotPermittedError, TransitionError
from copystudio.models import Event, Membership, Notification, Role, User, Workspace
from copystudio.services.member import member_add
from copystudio.services.workspace import workspace_remove_demo
from generation.models import Candidate, GenerationRun, LanguageModel, ModelVersion, TrainingRun
from generation.services.run_folder import run_folder
from tests.people import Cast
from tests.permissions.world import make_world


@pytest.fixture
def demo(cast: Cast) -> Workspace:
    return demo_load(admin=cast.admin)


def routes(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every route with the names of its arguments."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            outer = set(pattern.pattern.converters)
            yield from ((name, names | outer) for name, names in routes(pattern, inner))
        elif isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}", set(pattern.pattern.regex.groupindex)


OF_A_WORKSPACE = sorted((name, sorted(args)) for name, args in routes(get_resolver()) if "workspace" in args)
KINDS: dict[str, Any] = {
    "product": Product, "brand": Brand, "segment": apps.get_model("campaigns", "AudienceSegment"), "channel": Channel,
    "campaign": Campaign, "brief": Brief, "run": GenerationRun, "candidate": Candidate, "variant": Variant,
    "review": Variant, "placement": Placement, "member": Membership, "client": apps.get_model("campaigns", "ApiClient"),
    "import": ProductImport, "notification": Notification, "dialogue": apps.get_model("campaigns", "ServiceDialogue"),
    "training": apps.get_model("generation", "TrainingRun"), "model": apps.get_model("generation", "ModelVersion"),
    "webhook": apps.get_model("campaigns", "WebhookEndpoint"),
    "delivery": apps.get_model("campaigns", "WebhookDelivery"),
    "fetch": apps.get_model("generation", "BaseFetch"),
    "evaluation": apps.get_model("generation", "Evaluation"), "vote": apps.get_model("generation", "Evaluation"),
}  # fmt: skip
MOST = 8  # objects of a kind that are looked at


def addresses(workspace: Workspace, route: str, args: list[str]) -> list[str]:
    """The route filled in with objects of its kind, the first, the last and some between."""
    noun = route.split(":")[-1].split("_")[0]
    if not {"pk", "campaign_pk"} & set(args):
        rows = [None]
    else:
        kind = Campaign if "campaign_pk" in args else KINDS[noun]
        rows = list(kind.objects.filter(workspace=workspace).order_by("pk"))
        rows = rows[:: max(1, len(rows) // MOST)] + rows[-1:]
    found = []
    for row in rows:
        values: dict[str, Any] = {"workspace": workspace.slug}
        values |= {name: row.pk for name in args if name in {"pk", "campaign_pk"} and row is not None}
        values |= {name: 0 for name in args if name in {"after", "number"}}
        if "item_pk" in args:
            values["item_pk"] = row.items.earliest("pk").pk
        found.append(reverse(route, kwargs=values))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_answers(cast: Cast, demo: Workspace, language: str) -> None:
    client = cast.client(cast.admin)
    client.post("/language/", {"language": language})
    shown = 0
    for route, args in OF_A_WORKSPACE:
        for url in addresses(demo, route, args):
            response = client.get(url)
            where = f"{route} {url}: {response.status_code}"
            if response.status_code == 405:
                continue  # a step, not a page
            assert response.status_code in {200, 286, 302, 303}, where
            html = response.content.decode()
            shown += response.status_code == 200
            assert "None</" not in html and "{{" not in html and "{%" not in html, where
    assert shown > 100


def test_it_has_something_on_every_page(demo: Workspace) -> None:
    counted = {
        model.__name__: model.objects.filter(workspace=demo).count()
        for model in (Product, Brand, Campaign, Brief, GenerationRun, Candidate, Variant, Placement, DailyCount, Event)
    }
    assert counted["Product"] == 48 and counted["Campaign"] == 3
    assert all(counted.values()), counted
    assert {campaign.status for campaign in demo.campaigns.all()} == {"draft", "running", "finished"}
    assert set(demo.variants.values_list("status", flat=True)) >= set(Variant.Status.values) - {"retired"}


def test_its_history_keeps_the_rules_of_the_product(demo: Workspace) -> None:
    for event in ReviewEvent.objects.filter(workspace=demo, verb="approve").select_related("variant"):
        authors = set(
            event.variant.revisions.filter(number__lte=event.revision.number).values_list("author_id", flat=True)
        )
        assert event.actor_id not in authors, "nobody approves the own text"
    for variant in demo.variants.all():
        assert (variant.status == "approved") <= (variant.approved_revision_id == variant.current_revision_id)


def test_its_people_cannot_sign_in(demo: Workspace, cast: Cast) -> None:
    people = User.objects.filter(memberships__workspace=demo).exclude(pk=cast.admin.pk)
    assert people and not [person for person in people if person.has_usable_password()]


def rows_by_table() -> dict[str, int]:
    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        counted = {}
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            counted[table] = cursor.fetchone()[0]
    return counted


def all_rows(workspace: Workspace) -> dict[str, list[dict[str, Any]]]:
    """Every row of a workspace in every table that has one."""
    return {
        model._meta.label: list(model._default_manager.filter(workspace=workspace).order_by("pk").values())
        for model in apps.get_models()
        if any(field.name == "workspace" for field in model._meta.fields)
    }


def test_one_click_removes_it_and_nothing_else(cast: Cast) -> None:
    make_world(cast)
    tables, rows = rows_by_table(), all_rows(cast.workspace)
    demo = demo_load(admin=cast.admin)
    assert rows_by_table() != tables
    response = cast.client(cast.admin).post(f"/w/{demo.slug}/remove-demo/", follow=True)
    assert response.status_code == 200
    after = rows_by_table()
    for browser in ("django_session", "usersessions_usersession"):  # the admin's own
        tables.pop(browser), after.pop(browser)
    assert after == tables, {table: (tables[table], after[table]) for table in tables if after[table] != tables[table]}
    assert all_rows(cast.workspace) == rows


def test_it_can_be_loaded_again_after_it_was_removed(cast: Cast, demo: Workspace) -> None:
    workspace_remove_demo(actor=cast.admin, workspace=demo)
    assert demo_load(admin=cast.admin).slug == "demo"


def test_uploaded_files_go_with_it(
    cast: Cast, demo: Workspace, settings: Any, tmp_path: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    uploads = [
        ProductImport.objects.create(
            workspace=workspace, file=ContentFile(b"sku", "p.csv"), file_name="p.csv", file_size=3, file_sha256="0" * 64
        )
        for workspace in (demo, cast.workspace)
    ]
    gone, kept = ((upload.file.storage, upload.file.name) for upload in uploads)
    with django_capture_on_commit_callbacks(execute=True):
        workspace_remove_demo(actor=cast.admin, workspace=demo)
    assert not gone[0].exists(gone[1]) and kept[0].exists(kept[1])


def test_what_its_trainings_learned_and_made_goes_with_it(
    cast: Cast, demo: Workspace, settings: Any, tmp_path: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.MODEL_ROOT, settings.VAR_DIR = tmp_path / "models", tmp_path / "var"
    version = ModelVersion.objects.filter(workspace=demo).first()
    assert version is not None
    ModelVersion.objects.filter(pk=version.pk).update(folder="adapter-1-1")
    for workspace in (demo, cast.workspace):
        base = LanguageModel.objects.get(workspace=workspace)
        run = TrainingRun.objects.create(
            workspace=workspace, language_model=base, config={}, status=JobStatus.CANCELLED, until=timezone.now()
        )
        run_folder(run).mkdir(parents=True)
    (tmp_path / "models" / "adapter-1-1").mkdir(parents=True)
    (tmp_path / "models" / base.folder).mkdir()
    with django_capture_on_commit_callbacks(execute=True):
        workspace_remove_demo(actor=cast.admin, workspace=demo)
    assert [path.name for path in (tmp_path / "models").iterdir()] == [base.folder]
    assert list((tmp_path / "var" / "training").iterdir()) == [run_folder(run)]


def test_people_who_only_had_the_demonstration_are_signed_out_for_good_and_others_keep_their_workspace(
    cast: Cast, demo: Workspace
) -> None:
    guest, _ = member_add(actor=cast.admin, workspace=demo, email="guest@example.com", name="Guest", role=Role.VIEWER)
    member_add(actor=cast.admin, workspace=demo, email=cast.viewer.email, name="", role=Role.VIEWER)
    workspace_remove_demo(actor=cast.admin, workspace=demo)
    assert not User.objects.get(pk=guest.user_id).is_active
    assert User.objects.get(pk=cast.viewer.pk).is_active
    assert cast.client(cast.viewer).get("/w/shop/").status_code == 200


def test_invented_people_who_were_taken_into_a_real_workspace_stay(cast: Cast, demo: Workspace) -> None:
    invented = User.objects.filter(memberships__workspace=demo, password__startswith="!").first()
    assert invented is not None
    Membership.objects.create(workspace=cast.workspace, user=invented, role=Role.VIEWER)
    workspace_remove_demo(actor=cast.admin, workspace=demo)
    assert User.objects.filter(pk=invented.pk).exists()


def test_a_workspace_that_is_no_demonstration_cannot_be_removed_so(cast: Cast) -> None:
    assert cast.client(cast.admin).post("/w/shop/remove-demo/").status_code == 409
    with pytest.raises(TransitionError):
        workspace_remove_demo(actor=cast.admin, workspace=cast.workspace)
    assert Workspace.objects.filter(pk=cast.workspace.pk).exists()


def test_only_admins_of_it_may_remove_it(cast: Cast, demo: Workspace) -> None:
    member_add(actor=cast.admin, workspace=demo, email=cast.approver.email, name="", role=Role.APPROVER)
    assert cast.client(cast.approver).post("/w/demo/remove-demo/").status_code == 403
    assert cast.client(cast.stranger).post("/w/demo/remove-demo/").status_code == 404
    assert cast.client(cast.admin).get("/w/demo/remove-demo/").status_code == 405
    assert Client().post("/w/demo/remove-demo/").status_code == 302
    with pytest.raises(NotPermittedError):
        workspace_remove_demo(actor=cast.stranger, workspace=demo)
    assert Workspace.objects.filter(slug="demo").exists()


def test_the_pages_of_the_demonstration_say_what_it_is_and_only_admins_are_offered_its_removal(
    cast: Cast, demo: Workspace
) -> None:
    member_add(actor=cast.admin, workspace=demo, email=cast.viewer.email, name="", role=Role.VIEWER)
    assert "/w/demo/remove-demo/" in cast.client(cast.admin).get("/w/demo/").content.decode()
    assert "/w/demo/remove-demo/" not in cast.client(cast.viewer).get("/w/demo/").content.decode()
    assert "remove-demo" not in cast.client(cast.admin).get("/w/shop/").content.decode()


def test_its_lists_take_a_bounded_number_of_queries(
    cast: Cast, demo: Workspace, django_assert_max_num_queries: Any
) -> None:
    client = cast.client(cast.admin)
    for route, args in OF_A_WORKSPACE:
        if args != ["workspace"] or not re.search(r"list|queue|dashboard", route):
            continue
        url = reverse(route, args=["demo"])
        client.get(url)
        with django_assert_max_num_queries(30):
            client.get(url)


def test_loading_it_twice_is_refused_and_leaves_the_first_one_alone(cast: Cast, demo: Workspace) -> None:
    before = rows_by_table()
    with pytest.raises(IntegrityError), transaction.atomic():
        demo_load(admin=cast.admin)
    assert rows_by_table() == before
