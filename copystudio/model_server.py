"""The server that writes in the worker's place, where one is named: what the environment says of it."""

from __future__ import annotations

from typing import Any

from copystudio.env import Env


def model_server(env: Env) -> dict[str, Any]:
    """Fields of ``generation.engine.backends.remote_config.RemoteConfig``; without ``base_url`` there is no server."""
    return {
        "base_url": env.url("MODEL_SERVER_URL", "", {"http", "https"}),
        "model": env.text("MODEL_SERVER_MODEL"),  # empty: the adapter's folder, else the base's
        "api_key": env.text("MODEL_SERVER_KEY"),
        "read_timeout": env.integer("MODEL_SERVER_TIMEOUT", 120, least=1, most=3600),
        "most_parallel": env.integer("MODEL_SERVER_PARALLEL", 4, least=1, most=64),
        "requests_per_minute": env.integer("MODEL_SERVER_REQUESTS_PER_MINUTE", 0, least=0, most=10**9) or None,
        "tokens_per_minute": env.integer("MODEL_SERVER_TOKENS_PER_MINUTE", 0, least=0, most=10**12) or None,
        "prompt_price": env.money("MODEL_SERVER_PROMPT_PRICE"),  # of a million tokens
        "completion_price": env.money("MODEL_SERVER_COMPLETION_PRICE"),
        "send_top_k": env.boolean("MODEL_SERVER_TOP_K", False),  # vLLM and llama-server know it, OpenAI does not
        "scoring": env.choice("MODEL_SERVER_SCORING", "none", {"none", "echo", "prompt_logprobs"}),
    }
