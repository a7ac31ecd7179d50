"""``manage.py train_adapter --search``: says every trial, trains with the winner, and searches once."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from generation.engine.training import trial as engine
from tests.generation.learning import Learned

QUICK = ["epochs=2", "batch_size=4", "learning_rate=0.02", "rank=4", "alpha=8", "preference_epochs=0", "threads=1"]


def run(*options: str, sets: list[str] = QUICK) -> str:
    out = StringIO()
    call_command("train_adapter", "--name", "found", *options, "--set", *sets, stdout=out)
    return out.getvalue()


@pytest.fixture(autouse=True)
def _few_candidates(learned: Learned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "RANKS", (2,))


def test_it_prints_every_trial_and_trains_with_the_winner(settings: Any) -> None:
    said = run("--search", "10")
    trials = [line for line in said.splitlines() if line.startswith("trial ")]
    assert len(trials) == 5
    assert trials[0].startswith("trial learning_rate=0.02 rank=4 alpha=8: 20 examples, ")
    winner = next(line for line in said.splitlines() if line.startswith("Searched: ")).removeprefix("Searched: ")
    config = json.loads((Path(settings.MODEL_ROOT) / "found" / "training.json").read_text())["config"]
    assert winner == (
        f"learning_rate={config['learning_rate']:g} rank={config['rank']} alpha={config['alpha']:g} "
        f"epochs={config['epochs']}"
    )
    assert f"/{config['epochs'] * 5} loss" in said
    assert said.count("trial ") == 5 and "SHA-256" in said
    again = run("--search", "10")
    assert "trial " not in again
    assert winner in again
    assert again.splitlines()[-1] == said.splitlines()[-1], "the same adapter"


@pytest.mark.parametrize(
    ("options", "sets", "reason"),
    [
        (["--search", "-1"], QUICK, "out of range: search_minutes=-1.0"),
        (["--search", "nan"], QUICK, "finite"),
        (["--search", "5"], ["epochs=0"], "out of range: search_minutes=5.0"),
        ([], ["epochs=2.5"], "of the wrong kind: epochs=2.5"),
        ([], ['rank="8"'], "of the wrong kind: rank='8'"),
        ([], ["learning_rate=fast"], "learning_rate=fast: fast is no number"),
        ([], ["speed=3"], "speed=3: NAME=VALUE expected, NAME one of accumulation, "),
        (["--base", "nowhere"], QUICK, "nowhere"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(options: list[str], sets: list[str], reason: str) -> None:
    with pytest.raises(CommandError) as error:
        run(*options, sets=sets)
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


def test_several_processes_do_not_search(monkeypatch: pytest.MonkeyPatch) -> None:
    from generation.engine.training.distributed import World

    monkeypatch.setattr(World, "join", lambda: World(rank=1, size=2))
    with pytest.raises(CommandError, match="search without torchrun"):
        run("--search", "10")
