"""Webhooks for tests, and a receiver that listens for them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from campaigns.models import WebhookEndpoint, WebhookEvent
from campaigns.services.webhook import webhook_create
from tests.people import Cast

PUBLIC = "https://93.184.216.34/hooks/copy"  # a number, so that no name server is asked


def make_webhook(cast: Cast, url: str = PUBLIC, events: Sequence[str] = tuple(WebhookEvent.values)) -> WebhookEndpoint:
    endpoint, _secret = webhook_create(actor=cast.admin, workspace=cast.workspace, url=url, events=events)
    return endpoint


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes

    def signed_with(self, secret: str) -> list[bool]:
        """Whether each signature is what the specification says, computed here from its words alone."""
        key = base64.b64decode(secret[len("whsec_") :])
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        wanted = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        return [one == f"v1,{wanted}" for one in self.headers["webhook-signature"].split(" ")]

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """Answers with ``statuses`` in turn, the last one from then on."""

    url: str
    statuses: list[int]
    answer: bytes = b"thanks"
    location: str = ""
    received: list[Received] = field(default_factory=list)


@contextmanager
def receiving(*statuses: int, **values: Any) -> Iterator[Receiver]:
    """A real HTTP server on this machine for as long as the block."""
    receiver = Receiver(url="", statuses=list(statuses) or [200], **values)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append(Received({name.lower(): value for name, value in self.headers.items()}, body))
            turn = min(len(receiver.received), len(receiver.statuses)) - 1
            self.send_response(receiver.statuses[turn])
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", str(len(receiver.answer)))
            self.end_headers()
            self.wfile.write(receiver.answer)

        do_GET = do_POST  # noqa: N815 (the name that the standard library looks for)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook?from=studio"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
