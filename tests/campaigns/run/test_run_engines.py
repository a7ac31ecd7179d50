"""The run's page says what wrote it, also where several engines did."""

from __future__ import annotations

from django.urls import reverse

from generation.models import GenerationRun
from tests.campaigns.copy_makers import make_brief, make_run
from tests.people import Cast

TORCH = {"backend": "torch", "numbers": "bfloat16", "device": "cpu", "batch": 32, "note": "export_pending"}
OPENVINO = {"backend": "openvino", "numbers": "int8", "device": "cpu", "batch": 16}


def chips(cast: Cast, run: GenerationRun) -> str:
    page = cast.client(cast.viewer).get(reverse("campaigns:run_detail", args=[cast.workspace.slug, run.pk]))
    return page.content.decode()


def test_every_engine_that_wrote_is_shown_and_the_note_of_the_last(cast: Cast) -> None:
    run = make_run(cast, brief=make_brief(cast))
    GenerationRun.objects.filter(pk=run.pk).update(engine=OPENVINO)
    page = chips(cast, run)
    assert "int8" in page and "bfloat16" not in page
    run.blocks.update(engine=TORCH)
    page = chips(cast, run)
    assert page.index("32 at once") < page.index("int8") < page.index("16 at once")
    assert "The quantised copy" not in page
