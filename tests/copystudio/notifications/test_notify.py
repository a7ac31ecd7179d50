"""Telling people: whom, what, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.utils import translation

from copystudio.models import Notification, Outbox, User
from copystudio.selectors.notification import notification_sentence, sentences
from copystudio.services.member import member_remove
from copystudio.services.notification import EMAIL_TASK, notify
from tests.copystudio.notifications.conftest import Tell
from tests.people import Cast

WHAT: dict[str, Any] = {"code": "test.adopted", "params": {"person": "Mia"}, "url": "/w/shop/runs/"}


def test_each_person_is_told_once(cast: Cast) -> None:
    told = notify(workspace=cast.workspace, people=[cast.admin, cast.viewer, cast.admin], **WHAT)
    assert {row.person for row in told} == {cast.admin, cast.viewer} and len(told) == 2
    assert sorted(row.pk for row in told) == sorted(Notification.objects.values_list("pk", flat=True))
    assert all(row.created_at is not None and row.is_unread and row.emailed_at is None for row in told)


def test_whoever_does_not_belong_here_or_cannot_sign_in_is_left_out(cast: Cast) -> None:
    User.objects.filter(pk=cast.copywriter.pk).update(is_active=False)
    member_remove(actor=cast.admin, membership=cast.approver.memberships.get())
    people = [cast.stranger, cast.copywriter, cast.approver, cast.viewer]
    assert [row.person for row in notify(workspace=cast.workspace, people=people, **WHAT)] == [cast.viewer]


def test_nobody_to_tell_is_no_error(cast: Cast) -> None:
    assert notify(workspace=cast.workspace, people=[], **WHAT) == []


def test_it_goes_with_the_change_that_it_tells_of(cast: Cast, mail_server: None) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        notify(workspace=cast.workspace, people=[cast.viewer], **WHAT)
        raise RuntimeError
    assert not Notification.objects.exists() and not Outbox.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "test.unknown"},
        {"code": ""},
        {"params": {}},
        {"params": {"label": "Mia"}},
        {"url": "https://elsewhere.example/"},
        {"url": "//elsewhere.example/"},
        {"url": "/\\elsewhere.example/"},
        {"url": "/\t/elsewhere.example/"},
        {"url": "javascript:alert(1)"},
        {"url": "runs/"},
        {"url": ""},
    ],
    ids=str,
)
def test_what_could_not_be_read_or_leads_elsewhere_is_refused(cast: Cast, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        notify(workspace=cast.workspace, people=[cast.viewer], **{**WHAT, **wrong})
    assert not Notification.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"code": ""}, {"url": "//elsewhere.example/"}, {"url": "/\n/x"}, {"url": ""}], ids=str
)
def test_the_database_refuses_it_too(tell: Tell, wrong: dict[str, str]) -> None:
    row = tell()
    with pytest.raises(IntegrityError), transaction.atomic():
        Notification.objects.filter(pk=row.pk).update(**wrong)


def test_the_sentence_is_in_the_language_of_whoever_reads_it(tell: Tell) -> None:
    row = tell()
    assert notification_sentence(row) == "Mia now belongs to this workspace."
    with translation.override("zh-hans"):
        chinese = notification_sentence(row)
    assert "Mia" in chinese and "workspace" not in chinese


def test_a_code_of_another_release_is_shown_as_it_is(tell: Tell, settings: Any) -> None:
    row = tell()
    row.params = {"renamed": "Mia"}
    assert notification_sentence(row) == "test.adopted"
    settings.NOTIFICATION_SENTENCES = []
    assert notification_sentence(row) == "test.adopted"


def test_a_percent_sign_in_what_people_wrote_is_theirs(tell: Tell) -> None:
    assert notification_sentence(tell(params={"person": "100 %s %(x)s"})).startswith("100 %s %(x)s now")


def test_two_apps_cannot_claim_one_code(settings: Any) -> None:
    settings.NOTIFICATION_SENTENCES += ["tests.copystudio.notifications.sentences.AGAIN"]
    with pytest.raises(ImproperlyConfigured, match=r"test\.saved"):
        sentences()


def test_every_sentence_of_the_studio_can_be_found(settings: Any) -> None:
    from copystudio import settings as real

    settings.NOTIFICATION_SENTENCES = real.NOTIFICATION_SENTENCES
    assert sentences()


def test_without_a_mail_server_no_mail_is_queued(tell: Tell) -> None:
    tell()
    assert not Outbox.objects.exists()


def test_a_mail_is_queued_for_those_who_want_one(cast: Cast, mail_server: None) -> None:
    User.objects.filter(pk=cast.viewer.pk).update(email_notifications=False)
    told = notify(workspace=cast.workspace, people=[cast.viewer, cast.admin], **WHAT)
    [bell] = Outbox.objects.all()
    assert (bell.task, bell.workspace) == (EMAIL_TASK, cast.workspace)
    assert bell.object_id == next(row.pk for row in told if row.person == cast.admin)
