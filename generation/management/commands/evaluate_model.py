"""``manage.py evaluate_model``: measure an adapter, or what a workspace writes with, against its base, without the web.

    manage.py evaluate_model --adapter my-adapter
    manage.py evaluate_model --adapter my-adapter --against another-adapter --items 200 --out figures.json
    manage.py evaluate_model --workspace my-shop
    manage.py evaluate_model --workspace my-shop --number 4      the same as "Measure" does in the browser

Measured on the products of the starter corpus that no training learns from, with those of ``--examples``, ``--pairs``
and ``--edits`` added; a workspace's version on those of its own training's data. With ``--number`` the figures are kept with that version
of the workspace, and promoting it sees its gates.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from copystudio.db import JobStatus
from copystudio.errors import StudioError
from copystudio.models import Workspace
from generation.engine.adapters import check_adapter
from generation.engine.errors import EngineError
from generation.engine.evaluation.gates import all_passed
from generation.engine.evaluation.metrics import MetricName
from generation.engine.evaluation.result import Difference, by_language
from generation.engine.evaluation.result import Evaluation as Measured
from generation.engine.training.adapter_folder import read_lineage
from generation.engine.training.dataset import PreferencePair, TrainingExample, read_lines
from generation.management.folders import model_folder
from generation.management.foreground import admin_of, work_to_its_end
from generation.models import Evaluation, ModelVersion
from generation.selectors.evaluation_words import evaluation_error
from generation.services.evaluation import evaluation_execute, evaluation_start, held_out_of
from generation.services.measuring import (
    ACTIVE,
    BASE,
    NEW,
    SAMPLES,
    Subject,
    compared,
    difference_dict,
    gate_dict,
    judged,
    measure,
    questions_of,
)
from generation.services.training_data import Split, split, starter_edits, starter_examples, starter_reads
from generation.services.turn import Turn, compute_turn

# what is asked of files; a version is measured as the browser does
OF_FILES = ("base", "against", "items", "samples", "seed", "examples", "pairs", "edits", "reads")


class Command(BaseCommand):
    help = "Measure an adapter in MODEL_ROOT, or a version of a workspace, against its base model."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--adapter", help="name of the adapter's folder in MODEL_ROOT")
        what.add_argument("--workspace", help="slug of a workspace, whose active version is measured")
        parser.add_argument(
            "--number",
            type=int,
            metavar="NUMBER",
            help="with --workspace: the version of this number, whose figures are kept for its promotion",
        )
        parser.add_argument("--base", help="folder of the base model; without it the one that the adapter names")
        parser.add_argument("--against", help="another adapter over the same base, which the gates compare with")
        parser.add_argument("--items", type=int, default=settings.EVALUATION_ITEMS, help="briefs at most")
        parser.add_argument("--samples", type=int, default=SAMPLES, help="texts for each brief")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--examples", nargs="*", default=[], help="JSON lines of examples, beside the corpus")
        parser.add_argument("--pairs", nargs="*", default=[], help="JSON lines of preference pairs")
        parser.add_argument(
            "--edits", action="store_true", help="the pairs of what editors made of the starter's drafts, too"
        )
        parser.add_argument(
            "--reads", action="store_true", help="the pairs of what readers found of the starter's drafts, too"
        )
        parser.add_argument("--out", help="JSON file for every figure, text and difference")
        self.usual = {name: parser.get_default(name) for name in OF_FILES}

    def handle(self, *args: Any, **options: Any) -> None:
        if options["items"] < 1 or options["samples"] < 1:
            raise CommandError("At least one brief and one text for each.")
        out = Path(options["out"]) if options["out"] else None
        try:
            if out is not None:
                check_writable(out)
            if options["number"] is None:
                self._show(self._measured(options), out)
            else:
                version = self._version(options)
                self._show(self._stored(version), out, learned_pairs=version.learned_pairs)
        except StudioError as error:
            raise CommandError(str(error.message)) from error
        except (EngineError, ValueError, OSError) as error:
            raise CommandError(str(error)) from error

    def _measured(self, options: dict[str, Any]) -> dict[str, Measured]:
        """The figures of each, kept nowhere."""
        subjects, data = self._asked(options)
        questions = questions_of(data, most=options["items"])
        with compute_turn() as turn:
            return {
                one.name: measure(
                    one,
                    questions,
                    seed=options["seed"],
                    samples=options["samples"],
                    on_progress=self._teller(one.name, turn),
                )
                for one in subjects
            }

    def _stored(self, version: ModelVersion) -> dict[str, Measured]:
        """The figures of an evaluation of the workspace's version, started as the browser starts it and worked on here. One
        that is open already is gone on with."""
        evaluation = evaluation_start(actor=admin_of(version.workspace), version=version)
        work_to_its_end(
            evaluation, lambda: evaluation_execute(evaluation_id=evaluation.pk), self._row_teller(evaluation)
        )
        if evaluation.status == JobStatus.CANCELLED:
            raise CommandError("The evaluation was cancelled.")
        if evaluation.status != JobStatus.SUCCEEDED:
            detail = evaluation.error_params.get("detail", "")
            raise CommandError(" ".join(filter(None, [*evaluation_error(evaluation.error_code), detail])))
        results = evaluation.results
        return {name: Measured.from_dict(results[name]) for name in (NEW, ACTIVE, BASE) if name in results}

    def _version(self, options: dict[str, Any]) -> ModelVersion:
        if not options["workspace"]:
            raise CommandError("--number goes with --workspace.")
        other = [f"--{name}" for name in OF_FILES if options[name] != self.usual[name]]
        if other:
            raise CommandError(f"A version is measured as the browser does: without {', '.join(other)}.")
        workspace, number = _workspace(options["workspace"]), options["number"]
        version = ModelVersion.objects.filter(workspace=workspace, number=number).first()
        if version is None:
            raise CommandError(f"There is no version {number} in {workspace.slug}.")
        return version

    def _row_teller(self, evaluation: Evaluation) -> Callable[[], None]:
        """What tells how far the evaluation is by its row, whoever writes it."""
        said = ""

        def tell() -> None:
            nonlocal said
            row = Evaluation.objects.filter(pk=evaluation.pk).first()
            now = f"{row.step}: {row.percent} %" if row is not None and row.step else said
            if now != said:
                said = now
                self.stderr.write(now)

        return tell

    def _show(self, measured: dict[str, Measured], out: Path | None, *, learned_pairs: bool = False) -> None:
        gates = judged(measured, learned_pairs=learned_pairs)
        differences = compared(measured)
        for line in table(measured, differences):
            self.stdout.write(line)
        for gate in gates:
            self.stdout.write(gate.explanation)
        self.stdout.write("Every gate is passed." if all_passed(gates) else "Not every gate is passed.")
        if out is not None:
            found = {
                "results": {name: one.to_dict() for name, one in measured.items()},
                "by_language": {name: languages(one) for name, one in measured.items()},
                "differences": {name: [difference_dict(one) for one in some] for name, some in differences.items()},
                "gates": [gate_dict(one) for one in gates],
            }
            out.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    def _asked(self, options: dict[str, Any]) -> tuple[list[Subject], Split]:
        """Who is measured, the base last, and on what."""
        added = [one for name in options["examples"] for one in read_lines(Path(name), TrainingExample)]
        pairs = [one for name in options["pairs"] for one in read_lines(Path(name), PreferencePair)]
        if options["edits"]:
            pairs += starter_edits()[1]
        if options["reads"]:
            pairs += starter_reads()
        if options["workspace"]:
            new, data = self._active(options["workspace"])
            data = split([*data.held_out, *added], [*data.held_out_pairs, *pairs])
        else:
            new = _adapter(NEW, options["adapter"], options["base"])
            data = split([*starter_examples(), *added], pairs)
        subjects = [new, Subject(BASE, new.base)]
        if options["against"]:
            subjects.insert(1, _adapter(ACTIVE, options["against"], new.base.name))
        return subjects, data

    def _active(self, slug: str) -> tuple[Subject, Split]:
        workspace = _workspace(slug)
        version = ModelVersion.objects.filter(workspace=workspace, status=ModelVersion.Status.ACTIVE).first()
        if version is None:
            raise CommandError(f"No version is active in {slug}.")
        subject = Subject(NEW, version.language_model.path, version.prompt_template, version.adapter_path)
        return subject, held_out_of(version)

    def _teller(self, name: str, turn: Turn) -> Any:
        said = ""

        def tell(phase: str, done: int, total: int) -> bool:
            nonlocal said
            now = f"{name}: {phase} {10 * done // max(1, total) * 10} %"
            if now != said:
                said = now
                self.stderr.write(now)
            turn.step_aside()
            return False

        return tell


def _workspace(slug: str) -> Workspace:
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        raise CommandError(f"There is no workspace {slug}.")
    return workspace


def check_writable(path: Path) -> None:
    """Raises OSError where the file cannot be written, before hours of measuring. Leaves what lies there as it is."""
    is_new = not path.exists()
    with path.open("a"):
        pass
    if is_new:
        path.unlink()


def _adapter(name: str, folder: str, base: str | None) -> Subject:
    adapter = model_folder(folder)
    check_adapter(adapter, Path(settings.MODEL_ROOT))
    lineage = read_lineage(adapter)
    return Subject(name, model_folder(base or str(lineage["base_name"])), str(lineage["template"]), adapter)


def languages(measured: Measured) -> dict[str, dict[str, Any]]:
    """The metrics over the items of each language, without their rows."""
    return {
        language.value: {
            name.value: {"value": one.value, "low": one.low, "high": one.high, "n": one.n}
            for name, one in found.items()
        }
        for language, found in by_language(measured).items()
    }


def table(measured: Mapping[str, Measured], differences: Mapping[str, list[Difference]]) -> list[str]:
    """A line for each metric: every subject's figure, and for each of the others the new one's difference from it."""
    names = list(measured)
    against = [name for name in names if name in differences]
    heads = [*names, *(f"new - {name} (95 % interval)" for name in against)]
    lines = [f"{'metric':<20}" + "".join(f"{head:>{_width(head)}}" for head in heads)]
    for metric in MetricName:
        cells = [_number(measured[name].metrics[metric].value) for name in names]
        cells += [_difference(next(one for one in differences[name] if one.metric is metric)) for name in against]
        lines.append(
            f"{metric.value:<20}" + "".join(f"{cell:>{_width(h)}}" for cell, h in zip(cells, heads, strict=True))
        )
    return lines


def _width(head: str) -> int:
    return 44 if head.startswith("new - ") else 12


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _difference(one: Difference) -> str:
    if one.difference is None or one.low is None or one.high is None:
        return "-" if one.difference is None else f"{one.difference:+.4g}"
    return f"{one.difference:+.4g} ({one.low:+.4g} to {one.high:+.4g}) {one.verdict}"
