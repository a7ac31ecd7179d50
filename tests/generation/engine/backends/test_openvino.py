"""The OpenVINO backend against the torch backend over the same tiny model, and its promises: pages, seeds, stops, exports."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

pytest.importorskip("openvino")

from generation.engine.backends import pages
from generation.engine.backends.base import Request
from generation.engine.backends.openvino import OpenVinoBackend
from generation.engine.backends.pages import Feed, PagedModel, PagedText
from generation.engine.backends.torch import TorchBackend
from generation.engine.config import FinishReason, Language, Output, Prompt, SamplingConfig
from generation.engine.errors import (
    GenerationCancelledError,
    ModelFolderError,
    ModelNumbersError,
    OpenVinoError,
    OpenVinoExportError,
    is_out_of_memory,
)
from generation.engine.language import matches_language
from generation.engine.openvino_export import OpenVinoModel, export, load_export
from tests.tiny_model import make_tiny_model

CONFIG = SamplingConfig(temperature=1.0, top_k=50, top_p=1.0, repetition_penalty=1.1, max_new_tokens=30, batch_size=3)
GREEDY = SamplingConfig(temperature=0.01, top_k=1, top_p=1.0, repetition_penalty=1.0, max_new_tokens=25)
SHARED = "Product: warm coat\nHeadline: soft wool for winter\n\n"
PROMPT = Prompt(SHARED + "Product: rain jacket\nHeadline:", "\n", shared=len(SHARED))
OTHER = Prompt("Product: lamp\nHeadline:", "\n")
WORDS = ["warm", "coat", "soft", "wool", "winter", "lamp", "garden", "chair", "wood", "steel", "rain", "jacket"]
PROMPTS = [Prompt(f"Product: {' '.join(WORDS[: 1 + 4 * (n % 4)] * (1 + n % 3))}\nHeadline:", "\n") for n in range(12)]
TEXTS = [" soft wool for winter", " lamp", " bright calm morning.\n", " ".join(WORDS * 9)]


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def place(model_root: Path, exports: Path) -> Path:
    return export(model_root / "tiny", None, exports, model_root=model_root)


@pytest.fixture(scope="module")
def compiled(place: Path) -> OpenVinoModel:
    return load_export(place, threads=1)


@pytest.fixture
def quantised(compiled: OpenVinoModel) -> OpenVinoBackend:
    return OpenVinoBackend(compiled)


@pytest.fixture
def exact(loaded: Any) -> Iterator[TorchBackend]:
    loaded.model.float()
    yield TorchBackend(loaded)
    loaded.model.to(loaded.dtype)


def test_scores_are_those_of_torch_but_for_the_lost_digits(quantised: OpenVinoBackend, exact: TorchBackend) -> None:
    assert quantised.score(TEXTS, PROMPT) == pytest.approx(exact.score(TEXTS, PROMPT), abs=0.05)
    assert quantised.score(TEXTS) == pytest.approx(exact.score(TEXTS), abs=0.05)
    with pytest.raises(ValueError):
        quantised.score([""])


def test_the_likeliest_text_is_as_likely_to_torch(quantised: OpenVinoBackend, exact: TorchBackend) -> None:
    """Two nearly equal tokens may change places, so it is the log-probability that is compared, token for token."""
    outputs = quantised.generate(PROMPTS, GREEDY, list(range(12)))
    same = exact.generate(PROMPTS, GREEDY, list(range(12)))
    assert sum(one.text == other.text for one, other in zip(outputs, same, strict=True)) >= 6
    for prompt, output in zip(PROMPTS, outputs, strict=True):
        if output.finish_reason is FinishReason.STOP:
            assert exact.score([output.text + "\n"], prompt)[0] == pytest.approx(output.mean_logprob, abs=0.05)


def test_the_score_while_writing_is_the_score_of_the_written_text(quantised: OpenVinoBackend) -> None:
    outputs = [one for one in quantised.generate([PROMPT] * 8, CONFIG, list(range(8))) if one.finish_reason == "stop"]
    assert outputs
    for output in outputs:
        assert quantised.score([output.text + "\n"], PROMPT)[0] == pytest.approx(output.mean_logprob, abs=0.03)


def test_texts_longer_than_a_page_and_the_window_are_read_as_torch_reads_them(
    quantised: OpenVinoBackend, exact: TorchBackend
) -> None:
    long = Prompt(" ".join(WORDS * 30) + "\nHeadline:", "\n", shared=500)
    assert quantised.score([" garden chair"], long) == pytest.approx(exact.score([" garden chair"], long), abs=0.05)
    outputs = quantised.generate([long] * 4, CONFIG, [1, 2, 3, 4])
    assert quantised.score([outputs[0].text + "\n"], long) == pytest.approx(
        exact.score([outputs[0].text + "\n"], long), abs=0.05
    )


def test_the_same_seed_gives_the_same_text_and_another_seed_another(quantised: OpenVinoBackend) -> None:
    first = quantised.generate([PROMPT] * 4, CONFIG, [1, 2, 3, 4])
    assert quantised.generate([PROMPT] * 4, CONFIG, [1, 2, 3, 4]) == first
    assert len({output.text for output in first}) == 4


def test_outputs_come_in_the_order_of_their_prompts(quantised: OpenVinoBackend) -> None:
    lengths = [2, 30, 5, 1, 9, 30, 3]
    prompts = [Prompt(one.text, "never", max_tokens=most) for one, most in zip(PROMPTS, lengths, strict=False)]
    outputs = quantised.generate(prompts, CONFIG, list(range(7)))
    counts = [one.token_count for one in outputs if one.finish_reason is FinishReason.LENGTH]
    assert counts and all(one.token_count <= most for one, most in zip(outputs, lengths, strict=True))
    assert [one.token_count for one in outputs if one.finish_reason is FinishReason.LENGTH] == [
        most for one, most in zip(outputs, lengths, strict=True) if one.finish_reason is FinishReason.LENGTH
    ]
    with pytest.raises(ValueError):
        quantised.generate([PROMPT], CONFIG, [1, 2])
    assert quantised.generate([], CONFIG, []) == []


def test_texts_end_at_the_delimiter_and_hold_no_special_token(quantised: OpenVinoBackend) -> None:
    outputs = quantised.generate([PROMPT] * 60, replace(CONFIG, batch_size=16), list(range(60)))
    assert sum(one.finish_reason is FinishReason.STOP for one in outputs) > 40
    assert len({one.text for one in outputs}) > 50
    assert all("\n" not in one.text and "<" not in one.text and one.text.strip() for one in outputs)


def test_ending_gets_likelier_from_the_aim_on(quantised: OpenVinoBackend) -> None:
    def mean_length(prompt: Prompt) -> float:
        outputs = quantised.generate([prompt] * 60, replace(CONFIG, batch_size=20), list(range(60)))
        return sum(len(output.text) for output in outputs) / len(outputs)

    assert mean_length(Prompt(PROMPT.text, "\n", aim=10)) < 0.7 * mean_length(PROMPT)


def test_what_a_prompt_bans_never_comes_out_and_its_limit_ends_a_text(quantised: OpenVinoBackend) -> None:
    """As with torch: both draw through the same `rows.RowWriter`."""
    config = SamplingConfig(temperature=1.0, top_p=1.0, repetition_penalty=1.0, max_new_tokens=30)
    free = quantised.generate([PROMPT] * 60, config, list(range(60)))
    words = Counter(word for one in free for word in one.text.split() if len(word) > 3)
    often = tuple(word for word, _ in words.most_common(4))
    held = quantised.generate([replace(PROMPT, banned=often)] * 60, config, list(range(60)))
    assert not any(word.casefold() in one.text.casefold().split() for word in often for one in held)
    cut = quantised.generate([replace(PROMPT, limit=12)] * 60, config, list(range(60)))
    assert max(one.token_count for one in cut) < max(one.token_count for one in free)
    assert any(one.finish_reason is FinishReason.LENGTH for one in cut)


def test_other_scripts_appear_only_where_the_brief_names_them(model_root: Path, exports: Path) -> None:
    place = export(model_root / "tiny-zh", None, exports, model_root=model_root)
    backend = OpenVinoBackend(load_export(place, threads=1))
    chinese = Prompt("商品：外套\n标题：", "\n", language=Language.ZH_HANS)
    outputs = backend.generate([chinese] * 20, CONFIG, list(range(20)))
    assert sum(matches_language(output.text, "zh-hans") for output in outputs) > 15
    english = Prompt("商品：外套\n标题：", "\n", language=Language.EN)
    outputs = backend.generate([english] * 10, CONFIG, list(range(10)))
    assert not any("外套" in output.text or "椅子" in output.text for output in outputs)


def test_cancelling_ends_the_call_between_two_steps_and_gives_its_pages_back(quantised: OpenVinoBackend) -> None:
    asked = 0

    def cancel_at_third() -> bool:
        nonlocal asked
        asked += 1
        return asked == 3

    with pytest.raises(GenerationCancelledError):
        quantised.generate([PROMPT] * 3, CONFIG, [1, 2, 3], cancel_at_third)
    assert asked == 3
    kept = quantised.model.pages_in_use
    with pytest.raises(GenerationCancelledError):
        quantised.generate([PROMPT] * 3, CONFIG, [1, 2, 3], lambda: True)
    assert quantised.model.pages_in_use == kept


def test_what_is_asked_next_may_depend_on_what_came(quantised: OpenVinoBackend) -> None:
    got: list[Output] = []

    def ask() -> Iterator[Request]:
        while len(got) < 7:
            yield Request(PROMPTS[len(got) % 12], len(got))

    for _, output in quantised.stream(ask(), CONFIG):
        got.append(output)
    assert 7 <= len(got) <= 7 + CONFIG.batch_size - 1


def test_two_streams_take_turns(quantised: OpenVinoBackend) -> None:
    requests = [Request(prompt, seed) for seed, prompt in enumerate(PROMPTS)]
    apart = dict(quantised.stream(requests, CONFIG))
    first, second = quantised.stream(requests, CONFIG), quantised.stream(requests, CONFIG)
    turns = list(zip(first, second, strict=True))
    assert dict(one for one, _ in turns) == apart == dict(other for _, other in turns)


def test_prompts_that_were_read_long_ago_give_their_pages_back(quantised: OpenVinoBackend) -> None:
    one = replace(CONFIG, max_new_tokens=1)
    for number in range(30):
        quantised.generate([Prompt(f"{' '.join(WORDS * 4)} {WORDS[number % 12] * 2}\n{number}:", "\n")], one, [number])
    kept = quantised.model.pages_in_use
    assert kept <= 8 * 3, "eight prompts of three pages at most"


def test_pages_keep_their_own_when_texts_fork_and_room_grows(compiled: OpenVinoModel) -> None:
    """More texts than there were pages at first: each still reads what it would read alone."""
    model = PagedModel(compiled.compiled, [one.layer for one in compiled.layers])
    trunk = PagedText()
    model.feed([Feed(trunk, list(range(5, 50)))])
    twigs = [model.fork(trunk) for _ in range(150)]
    for number, twig in enumerate(twigs):
        model.feed([Feed(twig, [60 + number % 50] * 20)])
    together = model.feed([Feed(twig, [7]) for twig in twigs]).clone()
    alone = PagedText()
    model.feed([Feed(alone, list(range(5, 50)))])
    model.feed([Feed(alone, [60 + 149 % 50] * 20)])
    assert torch.allclose(model.feed([Feed(alone, [7])])[0], together[149], atol=0.05)
    assert not torch.allclose(together[0], together[149], atol=0.05)
    for text in (*twigs, trunk, alone):
        model.drop(text)
    assert model.pages_in_use == 0


@pytest.mark.parametrize(
    ("said", "kind"),
    [("Exception from src/inference: std::bad_alloc", RuntimeError), ("shapes do not fit", OpenVinoError)],
)
def test_memory_that_runs_out_is_told_as_such(
    quantised: OpenVinoBackend, monkeypatch: pytest.MonkeyPatch, said: str, kind: type[Exception]
) -> None:
    class Failing:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

        def infer(self) -> None:
            raise RuntimeError(said)

    monkeypatch.setattr(quantised.model, "_request", Failing(quantised.model._request))
    with pytest.raises(kind) as raised:
        quantised.generate([PROMPT], CONFIG, [1])
    assert type(raised.value) is kind and is_out_of_memory(raised.value) is (kind is RuntimeError)


def test_after_a_call_the_file_of_the_weights_is_not_kept_in_memory(
    compiled: OpenVinoModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    released: list[Any] = []
    monkeypatch.setattr("generation.engine.backends.pages.let_go", released.append)
    assert len(compiled.weights) == 1
    backend = OpenVinoBackend(compiled)
    backend.generate([PROMPT], CONFIG, [1])
    assert len(released) > 2 and set(released) == {compiled.weights}


def test_where_memory_runs_out_in_one_call_another_one_ends_and_does_not_write_nonsense(
    compiled: OpenVinoModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = OpenVinoBackend(compiled)
    expected = backend.generate([PROMPT, OTHER], CONFIG, [1, 2])
    open_call = backend.stream([Request(PROMPT, seed) for seed in range(30)], CONFIG)
    next(open_call)

    def scarce(feeds: Sequence[Feed]) -> Any:
        raise MemoryError

    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(backend.model, "feed", scarce)
        backend.generate([OTHER], CONFIG, [3])
    with pytest.raises(MemoryError, match="in another call"):
        list(open_call)
    assert backend.model.pages_in_use == 0
    assert backend.generate([PROMPT, OTHER], CONFIG, [1, 2]) == expected


@pytest.mark.parametrize("last", range(4))
def test_all_pages_come_back_where_memory_runs_out(
    compiled: OpenVinoModel, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    backend = OpenVinoBackend(compiled)
    calls, feed = iter(range(last)), backend.model.feed

    def scarce(feeds: Sequence[Feed]) -> Any:
        if next(calls, None) is None:
            raise MemoryError
        return feed(feeds)

    expected = backend.generate([PROMPT, OTHER], CONFIG, [1, 2])
    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(backend.model, "feed", scarce)
        backend.generate([OTHER, PROMPT, *PROMPTS], CONFIG, list(range(14)))
    assert backend.model.pages_in_use == 0
    assert backend.generate([PROMPT, OTHER], CONFIG, [1, 2]) == expected


def test_pages_grow_after_memory_ran_out_between_two_layers(
    compiled: OpenVinoModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = PagedModel(compiled.compiled, [one.layer for one in compiled.layers])
    text = PagedText()
    model.feed([Feed(text, [5, 6, 7])])
    before = model.feed([Feed(model.fork(text), [8])]).clone()
    first = iter([pages.ov.Tensor])

    def scarce(*args: Any) -> Any:
        make = next(first, None)
        if make is None:
            raise MemoryError
        return make(*args)

    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(pages, "ov", SimpleNamespace(Tensor=scarce))
        model._grow(300)
    model._grow(200)
    assert torch.equal(model.feed([Feed(model.fork(text), [8])]), before)


def test_an_export_is_made_once_and_anew_for_other_weights(tmp_path: Path) -> None:
    make_tiny_model(tmp_path / "one")
    first = export(tmp_path / "one", None, tmp_path / "exports", model_root=tmp_path)
    written = (first / "model.bin").stat().st_mtime_ns
    assert export(tmp_path / "one", None, tmp_path / "exports", model_root=tmp_path) == first
    assert (first / "model.bin").stat().st_mtime_ns == written
    (first / "layers.json").unlink()
    assert export(tmp_path / "one", None, tmp_path / "exports", model_root=tmp_path) == first
    assert (first / "layers.json").is_file(), "what is not whole is made again"
    make_tiny_model(tmp_path / "one", seed=1)
    other = export(tmp_path / "one", None, tmp_path / "exports", model_root=tmp_path)
    assert other != first
    assert sorted(path.name for path in (tmp_path / "exports").iterdir()) == sorted([first.name, other.name])


def test_an_adapter_is_merged(model_root: Path, exports: Path, loaded: Any, tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    root = tmp_path
    make_tiny_model(root / "base")
    model: Any = AutoModelForCausalLM.from_pretrained(root / "base", dtype=torch.float32)
    adapted: Any = get_peft_model(model, LoraConfig(r=4, target_modules=["q_proj", "down_proj"], task_type="CAUSAL_LM"))
    torch.manual_seed(3)
    for name, parameter in adapted.named_parameters():
        if "lora_" in name:
            parameter.data.normal_(std=0.3)
    adapted.save_pretrained(root / "adapter")
    from generation.engine.loader import load

    torch_model = load(root / "base", model_root=root, adapter=root / "adapter", threads=1)
    torch_model.model.float()
    with_adapter = OpenVinoBackend(load_export(export(root / "base", root / "adapter", root / "x", model_root=root)))
    without = OpenVinoBackend(load_export(export(root / "base", None, root / "x", model_root=root)))
    expected = TorchBackend(torch_model).score(TEXTS, PROMPT)
    assert with_adapter.score(TEXTS, PROMPT) == pytest.approx(expected, abs=0.06)
    assert without.score(TEXTS, PROMPT) != pytest.approx(expected, abs=0.06)


def test_a_folder_that_is_not_an_export_or_not_whole_is_refused(place: Path, tmp_path: Path) -> None:
    import shutil

    with pytest.raises(ModelFolderError, match=r"manifest\.json"):
        load_export(tmp_path)
    changed = tmp_path / "changed"
    shutil.copytree(place, changed)
    weights = bytearray((changed / "model.bin").read_bytes())
    weights[100] ^= 255
    (changed / "model.bin").write_bytes(weights)
    with pytest.raises(ModelFolderError, match=r"model\.bin was changed"):
        load_export(changed)


def test_what_cannot_be_exported_says_why_and_leaves_nothing(model_root: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError):
        export(tmp_path / "nowhere", None, tmp_path / "x", model_root=tmp_path)
    make_tiny_model(tmp_path / "odd")
    config = json.loads((tmp_path / "odd" / "config.json").read_text(encoding="utf-8"))
    config["model_type"], config["architectures"] = "bloom", ["BloomForCausalLM"]
    (tmp_path / "odd" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises((OpenVinoExportError, ModelFolderError), match="odd"):
        export(tmp_path / "odd", None, tmp_path / "x", model_root=tmp_path)
    assert not (tmp_path / "x").exists() or not list((tmp_path / "x").iterdir())


def test_a_layer_whose_attention_cannot_be_paged_is_named(loaded: Any) -> None:
    from transformers import BloomConfig, BloomForCausalLM

    from generation.engine.openvino_graph import to_graph

    model = BloomForCausalLM(BloomConfig(vocab_size=50, hidden_size=16, n_layer=1, n_head=2)).eval()
    with pytest.raises(OpenVinoExportError):
        to_graph(model)


def test_a_call_that_computes_nothing_is_noticed(compiled: OpenVinoModel, monkeypatch: pytest.MonkeyPatch) -> None:
    model = PagedModel(compiled.compiled, [one.layer for one in compiled.layers])
    text = PagedText()
    model.feed([Feed(text, [5, 6])])

    class Idle:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> Any:
            return (lambda: None) if name == "infer" else getattr(self._inner, name)

    monkeypatch.setattr(model, "_request", Idle(model._request))
    assert torch.isnan(model.feed([Feed(text, [7])])).any(), "numbers of the call before are not taken for new ones"
    with pytest.raises(ModelNumbersError):
        model.feed([Feed(text, [7, 8], 2)])


def test_importing_openvino_loads_nothing_that_sends() -> None:
    code = (
        "import sys\nimport generation.engine.backends.openvino, generation.engine.openvino_graph\n"
        "assert 'openvino' in sys.modules\n"
        "assert not [name for name in sys.modules if name.startswith('openvino_telemetry') and sys.modules[name]]\n"
        "from openvino.tools.ovc import telemetry_utils\nassert 'stub' in telemetry_utils.tm.__name__\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_without_openvino_the_error_says_what_to_install() -> None:
    code = (
        "import sys\nimport importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'openvino' else find(name, *more)\n"
        "import generation.engine.openvino_export as e\nfrom pathlib import Path\n"
        "from generation.engine.errors import OpenVinoError\n"
        "assert not any(name == 'openvino' for name in sys.modules)\n"
        "try:\n    e.load_export(Path('x'))\nexcept OpenVinoError as error:\n    assert 'pip install openvino==' in str(error)\n"
        "else:\n    raise SystemExit('no error')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    assert issubclass(OpenVinoExportError, OpenVinoError)
