"""A server that speaks as much of the Hugging Face hub's protocol as a download needs, on this machine."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

COMMIT = "a" * 40


class HubServer:
    """One repository, ``acme/tiny``. ``half_way`` is called when half of the weights are sent; ``asked`` are the paths."""

    def __init__(self, folder: Path) -> None:
        self.files = {path.name: path.read_bytes() for path in folder.iterdir()}
        self.half_way: Callable[[], object] = lambda: None
        self.asked: list[str] = []
        self.status = 200
        self.told_size: int | None = None  # of the weights, where the hub says another than they have

    def answer(self, path: str) -> tuple[int, bytes, str]:
        """Status, body, and the file's name where it is one."""
        self.asked.append(path)
        if self.status != 200 or "/acme/tiny" not in path:
            return (self.status if self.status != 200 else 404), b"{}", ""
        if path.startswith("/api/models/acme/tiny/tree/"):
            return 200, json.dumps([self._entry(name) for name in self.files]).encode(), ""
        if path.startswith("/api/models/acme/tiny"):
            files = [{"rfilename": name, "size": self._size(name)} for name in self.files]
            told = {"id": "acme/tiny", "modelId": "acme/tiny", "sha": COMMIT, "siblings": files, "private": False}
            return 200, json.dumps(told | {"tags": [], "downloads": 0, "likes": 0}).encode(), ""
        name = path.rpartition("/")[2]
        return (200, self.files[name], name) if name in self.files else (404, b"", "")

    def _size(self, name: str) -> int:
        told = self.told_size if name.endswith(".safetensors") else None
        return len(self.files[name]) if told is None else told

    def _entry(self, name: str) -> dict[str, Any]:
        oid = hashlib.sha1(self.files[name], usedforsecurity=False).hexdigest()
        return {"type": "file", "path": name, "size": len(self.files[name]), "oid": oid}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        hub: HubServer = self.server.hub
        status, body, name = hub.answer(urlsplit(self.path).path)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 404:
            self.send_header("X-Error-Code", "RepoNotFound")
        if name:
            self.send_header("X-Repo-Commit", COMMIT)
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
