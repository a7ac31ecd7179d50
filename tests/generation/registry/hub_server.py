"""A server that speaks as much of the Hugging Face hub's protocol as a download needs, on this machine."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "a" * 40
OLDER = "b" * 40


@dataclass(frozen=True)
class Answer:
    """``name`` and ``commit`` are those of a file; ``error`` is the hub's code for what is not there."""

    status: int
    body: bytes = b""
    name: str = ""
    commit: str = ""
    error: str = ""


class HubServer:
    """One repository, ``acme/tiny``. ``half_way`` is called when half of the weights are sent; ``asked`` are the paths.

    Its main branch is at COMMIT, with ``files``; ``revisions`` are its other branches and tags, all at OLDER, with
    ``older_files``.
    """

    def __init__(self, folder: Path) -> None:
        self.files = {path.name: path.read_bytes() for path in folder.iterdir()}
        self.older_files = dict(self.files)
        self.revisions: list[str] = []
        self.half_way: Callable[[], object] = lambda: None
        self.asked: list[str] = []
        self.status = 200
        self.told_size: int | None = None  # of the weights, where the hub says another than they have

    def answer(self, path: str) -> Answer:
        self.asked.append(path)
        if self.status != 200 or "/acme/tiny" not in path:
            return Answer(self.status if self.status != 200 else 404, b"{}", error="RepoNotFound")
        found = re.fullmatch(r"(?:/api/models)?/acme/tiny(?:/(?:revision|tree|resolve)/([^/]+)(/.*)?)?", path)
        commit = self._commit(unquote(found[1] or "main")) if found else ""
        if not commit:
            return Answer(404, b"{}", error="RevisionNotFound")
        files = self.files if commit == COMMIT else self.older_files
        if path.startswith("/api/models/acme/tiny/tree/"):
            return Answer(200, json.dumps([_entry(name, content) for name, content in files.items()]).encode())
        if path.startswith("/api/models/acme/tiny"):
            listed = [{"rfilename": name, "size": self._size(name, content)} for name, content in files.items()]
            told = {"id": "acme/tiny", "modelId": "acme/tiny", "sha": commit, "siblings": listed, "private": False}
            return Answer(200, json.dumps(told | {"tags": [], "downloads": 0, "likes": 0}).encode())
        name = path.rpartition("/")[2]
        return Answer(200, files[name], name, commit) if name in files else Answer(404, error="EntryNotFound")

    def _commit(self, revision: str) -> str:
        """What a revision is at; empty where there is none of that name."""
        at = {"main": COMMIT, COMMIT: COMMIT, OLDER: OLDER} | dict.fromkeys(self.revisions, OLDER)
        return at.get(revision, "")

    def _size(self, name: str, content: bytes) -> int:
        told = self.told_size if name.endswith(".safetensors") else None
        return len(content) if told is None else told


def _entry(name: str, content: bytes) -> dict[str, Any]:
    oid = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return {"type": "file", "path": name, "size": len(content), "oid": oid}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        hub: HubServer = self.server.hub
        answer = hub.answer(urlsplit(self.path).path)
        body, name = answer.body, answer.name
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(body)))
        if answer.status == 404:
            self.send_header("X-Error-Code", answer.error)
        if name:
            self.send_header("X-Repo-Commit", answer.commit)
            self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.end_headers()
        if not with_body:
            return
        middle = len(body) // 2
        try:
            self.wfile.write(body[:middle])
            self.wfile.flush()
            if name.endswith(".safetensors"):
                hub.half_way()
            self.wfile.write(body[middle:])
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Nothing on the test's output."""


@contextmanager
def serving(folder: Path) -> Iterator[tuple[HubServer, str]]:
    """The server and its address."""
    hub = HubServer(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.hub = hub  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
