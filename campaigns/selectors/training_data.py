"""What the workspace's own use teaches: examples and preference pairs for a training, and what was left out.

``generation`` calls ``collect`` through ``settings.TRAINING_DATA``. The same rows give the same data, in the same order;
personal data are scrubbed and near-duplicates removed by the training that takes them.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns.models import Brand, Channel, ReviewEvent, ServiceDialogue
from campaigns.models.review import ReviewVerb
from campaigns.rules import limits
from campaigns.selectors.training_broken import clean_over_broken
from campaigns.selectors.training_pairs import consistent, edit_over_draft, over_rejected
from campaigns.selectors.training_rows import (
    Exclusion,
    Window,
    against_product,
    has_line_break,
    in_chunks,
    is_invented,
    item_brief,
    product_key,
    question_brief,
    written_brief,
)
from campaigns.selectors.training_scopes import brand_of
from campaigns.selectors.training_texts import ApprovedText, Group
from campaigns.selectors.training_weights import SOURCE_WEIGHT, click_factors, rounded
from copystudio.models import Workspace
from generation.engine.config import CopyBrief
from generation.engine.evaluation.coverage import facts_told
from generation.engine.training.augment import planned_pair
from generation.engine.training.dataset import PreferencePair, Source, TrainingExample

SERVICE_CHANNEL = "service_answer"


@dataclass(frozen=True)
class Collected:
    """``examples`` and ``pairs`` in the order of their ids; ``excluded`` counts rows left out by ``Exclusion``."""

    examples: list[TrainingExample]
    pairs: list[PreferencePair]
    excluded: dict[str, int]


def collect(*, workspace: Workspace, since: dt.datetime | None, until: dt.datetime, scope: str = "") -> Collected:
    """Everything approved, edited, sent back, generated or imported in the window (``since`` None: ever before ``until``).

    ``scope`` keeps to a brand's copy, see ``training_scopes``; imported dialogues are of no brand. Reads a fixed number of
    queries for every 500 rows. Raises ValueError for a window that is empty or without time zone, and for an unknown scope.
    """
    window, excluded = Window(since, until), Counter[Exclusion]()
    brand = brand_of(scope, workspace)
    approved = list(_approved(workspace, brand, window, excluded))
    factors = click_factors(workspace, until)
    examples = [_example(text, factors) for text in approved]
    if brand is None:
        examples += _dialogues(workspace, window, excluded)
    pairs = [*edit_over_draft(approved, excluded)]
    pairs += over_rejected(workspace, window, approved, excluded)
    told = {(pair.product, pair.rejected) for pair in pairs}
    pairs += clean_over_broken(workspace, window, approved, told, excluded)
    # a run told its draft the facts that were to lead, and the shop's own order may hide them
    pairs = [replace(pair, brief=planned_pair(pair)) for pair in pairs]
    return Collected(
        examples=sorted(examples, key=lambda one: one.id),
        pairs=sorted(consistent(pairs, approved, excluded), key=lambda one: one.id),
        excluded={reason.value: excluded[reason] for reason in Exclusion if excluded[reason]},
    )


def _example(text: ApprovedText, factors: Mapping[int, float]) -> TrainingExample:
    """Nobody noted which facts an approved text speaks of, so ``uses`` is what it tells by its words and numbers. A text in
    which none is found keeps its brief whole in augmentation, which drops only facts that a text does not use."""
    weight = SOURCE_WEIGHT[text.source] * factors.get(text.revision, 1.0)
    return TrainingExample(
        id=f"revision/{text.revision}",
        brief=text.brief,
        text=text.text,
        source=text.source,
        product=text.product,
        uses=facts_told(text.brief.facts, text.text),
        weight=rounded(weight),
    )


def _approved(
    workspace: Workspace, brand: Brand | None, window: Window, excluded: Counter[Exclusion]
) -> Iterator[ApprovedText]:
    """The latest text of each variant that was approved in the window, of the brand's campaigns or of all. None of a variant
    where people took that verdict back before the window's end."""
    of_brand = {} if brand is None else {"variant__campaign__brand": brand}
    latest = (
        ReviewEvent.objects.filter(workspace=workspace, verb=ReviewVerb.APPROVE, **of_brand, **window.lookup())
        .order_by("variant_id", "-id")
        .distinct("variant_id")
        .values_list("pk", flat=True)
    )
    events = (
        ReviewEvent.objects.exclude(Exists(_taken_back(window)))
        .order_by("variant_id")
        .select_related("revision__author", "variant__product", "variant__segment", "variant__channel")
        .select_related("variant__campaign__brand", "variant__brief", "variant__candidate__item__run__created_by")
        .prefetch_related("variant__product__facts")
    )
    for chunk in in_chunks(list(latest)):
        for event in events.filter(pk__in=chunk):
            found = _read(event, workspace)
            if isinstance(found, Exclusion):
                excluded[found] += 1
            else:
                yield found


def _taken_back(window: Window) -> QuerySet[ReviewEvent]:
    """What came after an approval and speaks against its text: changes were asked for, or the copy was taken out of use for a
    reason. Retiring speaks of all that the variant served, also where a newer text was in the works."""
    later = ReviewEvent.objects.filter(variant=OuterRef("variant"), pk__gt=OuterRef("pk"), created_at__lt=window.until)
    sent_back = Q(verb=ReviewVerb.REQUEST_CHANGES, revision=OuterRef("revision"))
    return later.filter(sent_back | Q(verb=ReviewVerb.RETIRE) & ~Q(reason=""))


def _read(event: ReviewEvent, workspace: Workspace) -> ApprovedText | Exclusion:
    revision, variant = event.revision, event.variant
    source = _source(event)
    candidate = variant.candidate
    drafted_for_show = candidate is not None and is_invented(candidate.item.run.created_by, workspace)
    if is_invented(revision.author, workspace) or (source is Source.APPROVED and drafted_for_show):
        return Exclusion.DEMONSTRATION
    if (reason := against_product(variant.product)) is not None:
        return reason
    if has_line_break(revision.text):
        return Exclusion.LINE_BREAKS
    if event.reason:  # an approval has one only where it overrode a blocking finding
        return Exclusion.OVERRIDDEN
    brief: CopyBrief | None = written_brief(variant) if candidate is None else item_brief(candidate.item)
    if brief is None or variant.product is None:
        return Exclusion.EMPTY_BRIEF
    is_draft = source is Source.EDITED and candidate is not None
    return ApprovedText(
        variant=variant.pk,
        revision=revision.pk,
        group=Group.of(variant),
        product=product_key(variant.product),
        brief=brief,
        text=revision.text,
        source=source,
        draft=candidate.text if is_draft and candidate is not None else "",
        is_draft_invented=drafted_for_show,
    )


def _source(event: ReviewEvent) -> Source:
    candidate = event.variant.candidate
    if candidate is None:  # of the model's copy: its run was deleted, and what a person changed is not known any more
        return Source.APPROVED if event.variant.is_ai_made else Source.WRITTEN
    return Source.APPROVED if event.revision.text == candidate.text else Source.EDITED


def _dialogues(workspace: Workspace, window: Window, excluded: Counter[Exclusion]) -> Iterator[TrainingExample]:
    """The imported answers of the customer service, in the channel of service answers as it is now."""
    channel = Channel.objects.filter(workspace=workspace, key=SERVICE_CHANNEL, is_current=True).first()
    rows = ServiceDialogue.objects.select_related("product").prefetch_related("product__facts").order_by("pk")
    ids = ServiceDialogue.objects.filter(workspace=workspace, **window.lookup()).order_by("pk")
    for chunk in in_chunks(list(ids.values_list("pk", flat=True))):
        for dialogue in rows.filter(pk__in=chunk):
            found = _answer(dialogue, channel)
            if isinstance(found, Exclusion):
                excluded[found] += 1
            else:
                yield found


def _answer(dialogue: ServiceDialogue, channel: Channel | None) -> TrainingExample | Exclusion:
    product = dialogue.product
    if (reason := against_product(product)) is not None or product is None:
        return reason or Exclusion.NO_PRODUCT
    if has_line_break(dialogue.answer):
        return Exclusion.LINE_BREAKS
    if channel is None:
        return Exclusion.EMPTY_BRIEF
    if limits.measure(dialogue.answer, limits.Unit(channel.unit)) > channel.hard_limit:
        return Exclusion.OVER_LIMIT
    brief = question_brief(product=product, channel=channel, language=dialogue.language, question=dialogue.question)
    if brief is None:
        return Exclusion.EMPTY_BRIEF
    return TrainingExample(
        id=f"dialogue/{dialogue.pk}",
        brief=brief,
        text=dialogue.answer,
        source=Source.DIALOGUE,
        product=product_key(product),
        uses=facts_told(brief.facts, dialogue.answer),
        weight=SOURCE_WEIGHT[Source.DIALOGUE],
    )
