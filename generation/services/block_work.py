"""One worker's work on one block: prepare its items, fill them side by side, write each whole."""

from __future__ import annotations

import gc
import hashlib
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from copystudio.db import ATTEMPTS, locked
from copystudio.services.jobs import job_still_mine
from generation.engine.errors import RemoteError, RemoteRefusedError, RemoteRequestError, is_out_of_memory
from generation.engine.filling import Filled, Filler, Kept
from generation.engine.item import Item
from generation.engine.rating import qualities
from generation.models import Candidate, GenerationBlock, GenerationItem, GenerationRun
from generation.services.blocks import BlockKeeper, another_run_waits, somebody_waits_for_a_first_turn, tries
from generation.services.nearness import Siblings
from generation.services.preparing import Prepared, prepare
from generation.services.run import drawn
from generation.services.turn import somebody_waits
from generation.services.writers import Writer, computes_here, feelings, sentence_encoder, writer_of

WRITE_SECONDS = 1.0  # finished items are written together, but never wait longer than that
MOST_LOST = 12  # dropped texts of an item that are kept, over all its tries
TURN_SECONDS = 15.0  # after which a block goes back where others wait: for a worker, or for the machine to compute on
log = logging.getLogger(__name__)


def _size(one: Prepared) -> tuple[int, int]:
    return one.item.prompt.max_tokens or 0, len(one.item.prompt.text)


class TurnOverError(Exception):
    """Somebody waits: this block goes back for a later turn."""


class BlockWork:
    """The work on one block. ``run`` returns when every item has its texts or is done for. Raises RemoteRefusedError
    where a model server refused every prompt of all of them."""

    def __init__(self, block: GenerationBlock, keeper: BlockKeeper) -> None:
        self.block, self.keeper = block, keeper
        self.job = GenerationRun.objects.select_related("model_version__language_model").get(pk=block.run_id)
        self.prepared: dict[int, Prepared] = {}
        self.ready: list[Filled] = []
        self.written_at, self.begun_at = time.monotonic(), 0.0
        self.is_over = False  # no further item is begun
        self.writer: Writer | None = None
        self.cost = Decimal(0)
        # of items whose every prompt is refused, by their number, what was said to each
        self.refused: dict[int, Mapping[str, RemoteRequestError]] = {}

    def run(self) -> None:
        try:
            self._run()
        finally:
            if cost := self._cost():  # of answers that became no text
                GenerationRun.objects.filter(pk=self.job.pk).update(cost=F("cost") + cost)

    def _run(self) -> None:
        self._step("loading")
        self.writer = writer = writer_of(self.job.model_version)
        self.cost = writer.cost
        batch = self._batch(writer)
        self._step("writing", writer=writer, batch=batch)
        self.written_at = time.monotonic()  # loading is no writing
        while items := self._items():
            try:
                self._fill(writer, items, batch)
            except RemoteError:
                self._write()
                raise
            except Exception as error:
                if not is_out_of_memory(error) or batch == 1:
                    raise
                batch //= 2  # what was written stays; the rest again, fewer at once
                log.warning("memory ran out in block %s: %d texts at once from now on", self.block, batch)
                self._step("writing", writer=writer, batch=batch)
            gc.collect()
        if self.refused and not self._others().exists():
            raise RemoteRefusedError({prompt: said for one in self.refused.values() for prompt, said in one.items()})

    def _others(self) -> QuerySet[GenerationItem]:
        """Items of the block but for those whose every prompt is refused, in this turn or in one before."""
        before = {"produced": 0, "error__startswith": "Remote"}
        return self.block.items.exclude(pk__in=self.refused).exclude(**before)

    def _batch(self, writer: Writer) -> int:
        """How many texts to write at once: as many as the settings say, or as few as memory sufficed for in this run."""
        batch: int = settings.GENERATION_BATCH
        if not computes_here():
            return batch
        scarce = self.job.blocks.filter(engine__scarce=True, engine__backend=writer.about["backend"])
        scarce = scarce.filter(engine__device=writer.about["device"])
        needed: dict[int, int] = dict(scarce.values_list("pk", "engine__batch"))
        own = needed.pop(self.block.pk, batch)
        begun = min([batch, *needed.values()])
        return max(1, min(own, begun >> (tries(self.block) - 1)))  # what was killed may have lacked memory

    def _fill(self, writer: Writer, items: list[list[Prepared]], batch: int) -> None:
        filler = Filler(
            backend=writer.backend,
            sampling=drawn(self.job, batch),
            encode=self._encode.encode,
            rate=self._rate,
            stop=self.keeper.should_stop,
        )
        self.ready.clear()
        self.begun_at = self.begun_at or time.monotonic()  # preparing is no writing either
        for filled in filler.fill(self._begun(items)):
            self.ready.append(filled)
            if filled.refusals:
                log.warning("of item %s %d prompts are refused", filled.item.key, len(filled.refusals))
            if filled.is_refused and not filled.kept:
                self.refused[filled.item.key] = filled.refusals
            if filled.more:
                continue  # texts that go with each other are written together
            if time.monotonic() - self.written_at >= WRITE_SECONDS:
                self._write()
                is_first = somebody_waits_for_a_first_turn(self.block)
                if is_first and computes_here():
                    raise TurnOverError
                # answers that a server gave are paid for: nothing that was begun is left then
                self.is_over = self.is_over or is_first or self._took_its_time()
        self._write()
        if self.is_over and self.block.items.filter(finished=False).exists():
            raise TurnOverError

    def _begun(self, items: list[list[Prepared]]) -> Iterator[list[Item]]:
        """Items to begin, until the turn is over. What was begun is ended all the same: begun again and again it might never
        be."""
        for together in items:
            if self.is_over:
                return
            yield [one.item for one in together]

    def _took_its_time(self) -> bool:
        """Whether this turn lasted, and others wait."""
        if time.monotonic() - self.begun_at < TURN_SECONDS:
            return False
        return another_run_waits(self.block) or (computes_here() and somebody_waits())

    @cached_property
    def _encode(self) -> Any:
        return sentence_encoder()

    def _rate(self, item: Item, texts: Any) -> list[float]:
        one = self.prepared[item.key]
        plans = [item.angle(text.draw).plan for text in texts]
        return qualities(texts, plans, item.language, one.wish, encode=self._encode.encode, feel=feelings)

    # -- preparing -------------------------------------------------------------------------------------------------------

    def _items(self) -> list[list[Prepared]]:
        """What is left to do, fields that are read together in one, prompts of about the same length beside each other."""
        rows = self.block.items.filter(finished=False).order_by("position").prefetch_related("candidates")
        beside = self._beside([row for row in rows if row.group is not None])
        found: dict[int, list[Prepared]] = defaultdict(list)
        for row in rows:
            self.keeper.check()
            try:
                one = prepare(self.job, row, self._encode.encode, beside.get(row.pk))
            except (ValueError, KeyError, TypeError) as error:
                self._fail(row, error)
            else:
                found[row.position if row.group is None else row.group].append(one)
        self.prepared = {one.row.pk: one for together in found.values() for one in together}
        return sorted(found.values(), key=lambda together: max(map(_size, together)))

    def _beside(self, rows: Sequence[GenerationItem]) -> dict[int, dict[int, str]]:
        """By number of the item, texts by slot that another field has already that is read with it."""
        found: dict[int, dict[int, str]] = {}
        if rows:
            there = self.job.items.filter(group__in={row.group for row in rows}, produced__gt=0).order_by("position")
            for other in there.prefetch_related("candidates"):
                texts = {one.slot: one.text for one in other.candidates.all()}
                for row in rows:
                    if row.group == other.group and row.pk != other.pk:
                        found.setdefault(row.pk, texts)
        return found

    def _fail(self, row: GenerationItem, error: Exception) -> None:
        log.warning("item %s of run %s cannot be written: %s", row, self.job.pk, error)
        with transaction.atomic():
            job_still_mine(self.block)
            row.error = f"{type(error).__name__}: {error}"[:500]
            row.finished = True
            row.save(update_fields=["error", "finished"])

    # -- writing ---------------------------------------------------------------------------------------------------------

    def _step(self, step: str, *, writer: Writer | None = None, batch: int = 0) -> None:
        values: dict[str, Any] = {"step": step}
        if writer is not None:
            values["engine"] = engine = {**writer.about, "batch": batch}
            if batch < settings.GENERATION_BATCH:
                engine["scarce"] = True  # memory was: blocks to come begin with no more
            mine = GenerationBlock.objects.filter(pk=self.block.pk, fence=self.block.fence)
            mine.update(engine=self.block.engine_after(engine))
        GenerationRun.objects.filter(pk=self.job.pk).update(**values)

    def _write(self) -> None:
        """Everything that is ready, in one transaction."""
        if not self.ready:
            return
        self.keeper.check()
        before, self.written_at = self.written_at, time.monotonic()
        rows = list(self._candidates())
        items = [self._counted(filled) for filled in self.ready]
        with transaction.atomic():
            job_still_mine(self.block)
            # before the first text: their numbers rise in the order in which workers' texts can be seen, and no two workers
            # add to the same sum
            run = locked(GenerationRun, pk=self.job.pk)
            Candidate.objects.bulk_create(rows)
            fields = ["produced", "passed", "outputs", "dropped", "lost", "finished", "error", "plan", "prompt"]
            GenerationItem.objects.bulk_update(items, fields)
            # a model server that was away is there again, and who gets on leaves all attempts to those that come after
            block = GenerationBlock.objects.filter(pk=self.block.pk)
            most = F("attempt") + ATTEMPTS
            block.update(done=F("done") + len(rows), max_attempts=most, error_code="", error_params={})
            GenerationRun.objects.filter(pk=self.job.pk).update(
                done=F("done") + len(rows),
                outputs=F("outputs") + sum(filled.outputs for filled in self.ready),
                tokens=F("tokens") + sum(filled.tokens for filled in self.ready),
                cost=F("cost") + self._cost(),
                seconds=F("seconds") + self.written_at - before,
                dropped=self._dropped(run),
            )
        self.ready.clear()

    def _cost(self) -> Decimal:
        """What the writer has cost since it was last asked."""
        before, self.cost = self.cost, self.writer.cost if self.writer else Decimal(0)
        return self.cost - before

    def _dropped(self, run: GenerationRun) -> dict[str, int]:
        """What the run dropped, with what is ready."""
        found = Counter(run.dropped)
        for filled in self.ready:
            found.update(filled.dropped)
        return dict(found)

    def _counted(self, filled: Filled) -> GenerationItem:
        one = self.prepared[filled.item.key]
        row = one.row
        row.produced = len(row.candidates.all()) + len(filled.kept)
        row.passed += filled.passed
        row.outputs = filled.item.first + filled.outputs
        row.dropped = {
            reason: row.dropped.get(reason, 0) + filled.dropped.get(reason, 0)
            for reason in {**row.dropped, **filled.dropped}
        }
        row.lost = [*row.lost, *(one.to_dict() for one in filled.lost)][:MOST_LOST]
        row.finished, row.error = True, filled.error[:500]
        if filled.outputs:
            row.plan, row.prompt = one.plan_of(filled), one.item.prompt.text
        return row

    def _candidates(self) -> Iterator[Candidate]:
        texts = [kept.text for filled in self.ready for kept in filled.kept]
        felt = iter(feelings(texts))
        siblings = Siblings(self.job, (self.prepared[filled.item.key] for filled in self.ready))
        for filled in self.ready:
            one = self.prepared[filled.item.key]
            near = siblings.nearest_of(one, [kept.text for kept in filled.kept], self._encode.encode)
            first = len(one.row.candidates.all())
            for place, kept in enumerate(filled.kept):
                yield self._candidate(one.row, first + place, kept, next(felt), near[place])

    def _candidate(
        self, row: GenerationItem, slot: int, kept: Kept, felt: tuple[float, float, float] | None, near: dict[str, Any]
    ) -> Candidate:
        return Candidate(
            workspace_id=self.job.workspace_id,
            item=row,
            slot=slot,
            text=kept.text,
            sha256=hashlib.sha256(kept.text.encode("utf-8")).hexdigest(),
            fluency=kept.mean_logprob,
            token_count=kept.token_count,
            length=kept.check.length,
            findings=kept.check.findings,
            sentiment=None if felt is None else [round(one, 4) for one in felt],
            nearest=near,
            draw=kept.draw,
            seed=kept.seed,
            attempt=self.block.attempt,
            engine={**(self.writer.wrote if self.writer else {}), **({"asked": kept.asked} if kept.asked else {})},
        )
