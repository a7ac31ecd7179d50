"""A completions server over a socket, which answers from a model that is loaded in this process, and can misbehave.

It speaks the completions API as vLLM does (or, with `chat_logprobs`, as llama-server does). `script` holds what the next
requests meet instead of the model, one entry each.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import torch

from generation.engine.backends.torch import TorchBackend
from generation.engine.config import FinishReason, Output, Prompt, SamplingConfig
from generation.engine.seeds import derive_seed

KEY = "sk-test-4f9a1c77e0d2"
PROMPT = Prompt("Product: rain jacket\nHeadline:", "\n")
OTHERS = [Prompt(f"Product: {name}\nHeadline:", "\n") for name in ("lamp", "chair", "soap", "kettle", "boots", "rope")]
Script = Callable[["Handler"], None]


class CompletionsServer:
    """Switches (set them before asking) and what was asked."""

    def __init__(self, loaded: Any) -> None:
        self._loaded, self._backend, self._lock = loaded, TorchBackend(loaded), threading.Lock()
        self.script: deque[Script] = deque()
        self.always: Script | None = None  # what every request meets
        self.n_status: int | None = None  # refuse `n` with this status
        self.ignores_n = False
        self.logprobs = True
        self.chat_logprobs = False
        self.scores = True
        self.tells_usage = True
        self.stops = True  # leave the delimiter out of the text
        self.delay: Callable[[str], float] = lambda prompt: 0.0
        self.clock: Callable[[], float] = time.monotonic
        self.times: list[float] = []
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.together = self.most_together = 0
        self.dropped = threading.Event()  # a client closed a connection that hung
        self.closing = threading.Event()

    def note(self, request: dict[str, Any], key: str | None) -> Script | None:
        with self._lock:
            self.times.append(self.clock())
            self.requests.append(request)
            self.keys.append(key)
            return self.script.popleft() if self.script else self.always

    def enter(self, step: int) -> None:
        with self._lock:
            self.together += step
            self.most_together = max(self.most_together, self.together)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        time.sleep(self.delay(request["prompt"]))
        with self._lock:
            read = self.read(request["prompt"])
            if request.get("prompt_logprobs") is not None or request.get("echo"):
                choices, written = [self._scored(request, read)], request["max_tokens"]
            else:
                outputs = self._written(request)
                choices = [self._choice(request, index, output) for index, output in enumerate(outputs)]
                choices.reverse()  # only `index` says which is which
                written = sum(output.token_count for output in outputs)
        answer = {"id": "cmpl-1", "object": "text_completion", "model": request["model"], "choices": choices}
        if self.tells_usage:
            answer["usage"] = {"prompt_tokens": len(read), "completion_tokens": written}
        return answer

    def _written(self, request: dict[str, Any]) -> list[Output]:
        wanted = 1 if self.ignores_n else request.get("n", 1)
        seeds = [derive_seed(request["seed"], number) for number in range(wanted)]
        config = SamplingConfig(
            temperature=request["temperature"],
            top_p=request["top_p"],
            top_k=request.get("top_k", 0),
            repetition_penalty=1.0,
            max_new_tokens=request["max_tokens"],
        )
        return self._backend.generate([Prompt(request["prompt"], request["stop"][0])] * wanted, config, seeds)

    def _choice(self, request: dict[str, Any], index: int, output: Output) -> dict[str, Any]:
        stopped = output.finish_reason is FinishReason.STOP
        whole = output.text + request["stop"][0] if stopped else output.text
        tokens = self.read(request["prompt"] + whole)[len(self.read(request["prompt"])) :]
        text = output.text if self.stops else f"{whole}and more of it"
        tokens = tokens if self.stops else [*tokens, ("and", -50.0), (" more of it", -50.0)]
        return {
            "index": index,
            "text": text,
            "finish_reason": "length" if output.finish_reason is FinishReason.LENGTH else "stop",
            "stop_reason": request["stop"][0] if stopped else None,
            "logprobs": self._logprobs(tokens) if self.logprobs else None,
        }

    def _scored(self, request: dict[str, Any], read: list[tuple[str, float | None]]) -> dict[str, Any]:
        choice: dict[str, Any] = {"index": 0, "finish_reason": "length", "text": ""}
        if not self.scores:
            return choice | {"text": " jacket", "logprobs": self._logprobs([(" jacket", -1.0)])}
        if request.get("echo"):
            return choice | {"text": request["prompt"], "logprobs": self._logprobs(read)}
        numbers = self._loaded.tokenizer.encode(request["prompt"])
        told = [
            {str(number): {"logprob": logprob, "rank": 1}} for number, (_, logprob) in zip(numbers, read, strict=True)
        ]
        return choice | {"prompt_logprobs": [None, *told[1:]]}

    def _logprobs(self, tokens: list[tuple[str, float | None]]) -> dict[str, Any]:
        if self.chat_logprobs:
            return {"content": [{"token": piece, "logprob": logprob} for piece, logprob in tokens]}
        return {"tokens": [piece for piece, _ in tokens], "token_logprobs": [logprob for _, logprob in tokens]}

    @torch.inference_mode()
    def read(self, text: str) -> list[tuple[str, float | None]]:
        """The tokens of a text and how likely the model finds each of them: it does not say so of the first."""
        tokenizer = self._loaded.tokenizer
        ids = torch.tensor(tokenizer.encode(text))
        logprobs = torch.log_softmax(self._loaded.model(input_ids=ids.unsqueeze(0)).logits[0].float(), dim=-1)
        chosen = logprobs[:-1].gather(-1, ids[1:].unsqueeze(-1)).squeeze(-1).tolist()
        return list(zip([tokenizer.pieces[number] for number in ids.tolist()], [None, *chosen], strict=True))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_POST(self) -> None:
        mine: CompletionsServer = self.server.mine
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        mine.enter(1)
        try:
            script = mine.note(request, self.headers.get("Authorization"))
            if script is not None:
                script(self)
            elif self.path != "/v1/completions":
                self.say(404, error("no such path"))
            elif mine.n_status is not None and request.get("n", 1) > 1:
                self.say(mine.n_status, error("Only one completion choice is allowed"))
            else:
                self.say(200, mine.answer(request))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            mine.enter(-1)

    def say(self, status: int, body: Any, **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """A test's output is not the place for a log."""


def error(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error"}}


def status(number: int, message: str = "", **headers: str) -> Script:
    return lambda handler: handler.say(number, error(message or f"status {number}"), **headers)


def body(content: Any, **headers: str) -> Script:
    return lambda handler: handler.say(200, content, **headers)


def hang(handler: Handler) -> None:
    """Answer nothing until the client goes away, and note that it did."""
    mine = handler.server.mine
    handler.connection.settimeout(0.02)
    while not mine.closing.is_set():
        with contextlib.suppress(TimeoutError):
            if handler.connection.recv(1) == b"":
                mine.dropped.set()
                break
    handler.close_connection = True


def drip(handler: Handler) -> None:
    """A byte now and then, for ever."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while not handler.server.mine.closing.wait(0.02):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def huge(handler: Handler) -> None:
    """An answer without end, and without a length that would give it away."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    part = b" " * 65536
    while not handler.server.mine.closing.is_set():
        handler.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")


def break_off(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.close_connection = True


@contextlib.contextmanager
def serving(loaded: Any) -> Iterator[tuple[CompletionsServer, str]]:
    """The server and its address, while the block runs."""
    mine = CompletionsServer(loaded)
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    listening.mine = mine  # type: ignore[attr-defined]
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield mine, f"http://127.0.0.1:{listening.server_port}/v1"
    finally:
        mine.closing.set()
        listening.shutdown()
        listening.server_close()
        thread.join(timeout=5)


def told(text: str, **values: Any) -> dict[str, Any]:
    """An answer with one text."""
    logprobs = {"tokens": [text], "token_logprobs": [-1.0]}
    return {"choices": [{"index": 0, "text": text, "finish_reason": "stop", "logprobs": logprobs, **values}]}
