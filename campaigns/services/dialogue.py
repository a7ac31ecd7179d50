"""Service dialogues: importing a file of them, all of it or nothing, and deleting them again."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.feeds import FeedError, RowError
from campaigns.models import Product, ServiceDialogue
from campaigns.services.dialogue_file import (
    FILE_MESSAGES,
    DialogueRow,
    file_message,
    read_dialogues,
    refused,
)
from copystudio.access import require
from copystudio.errors import InvalidInputError
from copystudio.models import Role, User, Workspace
from copystudio.services.events import event_record

MOST_BYTES = 20 * 1024 * 1024
MOST_PROBLEMS = 100
BATCH = 1000
DIALOGUE_LOCK = 0x444C47  # advisory lock class: one import or deletion of dialogues at a time in a workspace


@dataclass(frozen=True)
class DialogueReport:
    """What a file brought: rows written, and rows that stood in it twice or in the workspace already."""

    added: int
    duplicates: int


class DialogueRowsError(InvalidInputError):
    """Rows of the file are wrong, and nothing was imported. ``problems`` are the first of ``count``."""

    code = "rows"

    def __init__(self, problems: list[RowError], count: int) -> None:
        self.problems, self.count = problems, count
        super().__init__(_("Lines of the file are wrong. Nothing was imported."))


def dialogue_import(*, actor: User, workspace: Workspace, upload: UploadedFile[bytes]) -> DialogueReport:
    """Add the dialogues of a file. Rows that are known already are skipped and counted.

    Raises InvalidInputError (field ``file``) for a file that cannot be read, DialogueRowsError for wrong rows.
    """
    require(actor=actor, workspace=workspace, role=Role.ADMIN)
    if not upload.size:
        raise refused(_("The file is empty."))
    if upload.size > MOST_BYTES:
        raise refused(_("The file is larger than %(limit_mb)s MB.") % {"limit_mb": MOST_BYTES // 1024 // 1024})
    file_name = Path(upload.name or "file").name[:200]
    rows = _rows(workspace, _read(upload))
    for row in rows:
        row.workspace, row.created_by, row.file_name = workspace, actor, file_name
    unique = list({row.sha256: row for row in reversed(rows)}.values())[::-1]
    with transaction.atomic():
        _lock(workspace)
        require(actor=actor, workspace=workspace, role=Role.ADMIN)
        known = set(ServiceDialogue.objects.filter(workspace=workspace).values_list("sha256", flat=True))
        new = [row for row in unique if row.sha256 not in known]
        ServiceDialogue.objects.bulk_create(new, batch_size=BATCH)
        report = DialogueReport(added=len(new), duplicates=len(rows) - len(new))
        if new:
            event_record(
                actor=actor,
                workspace=workspace,
                verb="servicedialogue.import",
                target=workspace,
                data={"file": file_name, "added": report.added, "duplicates": report.duplicates},
            )
        return report


def dialogue_delete(*, actor: User, dialogue: ServiceDialogue) -> None:
    """Delete one dialogue; a second time, nothing happens. The audit log keeps nothing of its text."""
    with transaction.atomic():
        require(actor=actor, workspace=dialogue.workspace, role=Role.ADMIN)
        row = ServiceDialogue.objects.select_for_update().filter(pk=dialogue.pk).first()
        if row is not None:
            event_record(actor=actor, workspace=dialogue.workspace, verb="servicedialogue.delete", target=row)
            row.delete()


def dialogue_delete_file(*, actor: User, dialogue: ServiceDialogue) -> int:
    """Delete every dialogue that came from a file of the same name as this one, and say how many."""
    workspace, file_name = dialogue.workspace, dialogue.file_name
    with transaction.atomic():
        _lock(workspace)
        require(actor=actor, workspace=workspace, role=Role.ADMIN)
        count, _by_model = ServiceDialogue.objects.filter(workspace=workspace, file_name=file_name).delete()
        if count:
            event_record(
                actor=actor,
                workspace=workspace,
                verb="servicedialogue.delete_file",
                target=workspace,
                data={"file": file_name, "rows": count},
            )
        return count


def dialogue_sha256(*, sku: str, question: str, answer: str) -> str:
    """SHA-256 of what makes a dialogue itself; none of the three can run over into the next."""
    return hashlib.sha256(json.dumps([sku, question, answer], ensure_ascii=False).encode()).hexdigest()


def _lock(workspace: Workspace) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [DIALOGUE_LOCK, workspace.pk % 2**31])


def _read(upload: UploadedFile[bytes]) -> list[DialogueRow | RowError]:
    with tempfile.NamedTemporaryFile(suffix=".upload") as file:
        for chunk in upload.chunks():
            file.write(chunk)
        file.flush()
        try:
            found = list(read_dialogues(Path(file.name)))
        except FeedError as error:
            raise refused(file_message(error)) from None
    if not found:
        raise refused(FILE_MESSAGES["no_rows"])
    return found


def _rows(workspace: Workspace, found: list[DialogueRow | RowError]) -> list[ServiceDialogue]:
    """Unsaved rows, each with its product. Raises DialogueRowsError where any row of the file is wrong."""
    problems = [row for row in found if isinstance(row, RowError)]
    good = [row for row in found if isinstance(row, DialogueRow)]
    products = _Products(workspace, {row.product for row in good})
    rows = []
    for row in good:
        match = products.find(row)
        if isinstance(match, RowError):
            problems.append(match)
            continue
        digest = dialogue_sha256(sku=match.sku, question=row.question, answer=row.answer)
        texts = {"question": row.question, "answer": row.answer, "language": row.language}
        rows.append(ServiceDialogue(product=match, sku=match.sku, sha256=digest, **texts))
    if problems:
        problems.sort(key=lambda one: one.line)
        raise DialogueRowsError(problems[:MOST_PROBLEMS], len(problems))
    return rows


class _Products:
    """The products that a file names, by SKU and by title: two queries for all of it."""

    def __init__(self, workspace: Workspace, names: set[str]) -> None:
        rows = Product.objects.filter(workspace=workspace).only("sku", "title")
        self._by_sku = {product.sku: product for product in rows.filter(sku__in=names)}
        self._by_title: dict[str, list[Product]] = defaultdict(list)
        for product in rows.filter(title__in=names - set(self._by_sku)):
            self._by_title[product.title].append(product)

    def find(self, row: DialogueRow) -> Product | RowError:
        if row.product in self._by_sku:
            return self._by_sku[row.product]
        same = self._by_title.get(row.product, [])
        if len(same) == 1:
            return same[0]
        code = "product_ambiguous" if same else "product_unknown"
        return RowError(row.line, row.product_column, code, {"value": row.product[:80]})
