"""Sentences to tell, and a mail server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from copystudio.env import Mailer
from copystudio.models import Notification, User
from copystudio.services.notification import notify
from tests.people import Cast

Tell = Callable[..., Notification]


@pytest.fixture(autouse=True)
def known_sentences(settings: Any) -> None:
    settings.NOTIFICATION_SENTENCES = ["tests.copystudio.notifications.sentences.SENTENCES"]


@pytest.fixture
def mail_server(settings: Any) -> None:
    """As with EMAIL_URL=smtp://mail.example.com; the test runner's backend keeps what is sent."""
    settings.EMAIL = Mailer(host="mail.example.com")
    settings.PUBLIC_URL = "https://copy.example.com/"


@pytest.fixture
def tell(cast: Cast) -> Tell:
    """Tell one person, the viewer unless named, that Mia belongs to the workspace."""

    def told(person: User | None = None, **values: Any) -> Notification:
        given = {"code": "test.adopted", "params": {"person": "Mia"}, "url": "/w/shop/runs/", **values}
        [notification] = notify(workspace=cast.workspace, people=[person or cast.viewer], **given)
        return notification

    return told
