"""The list of trainings, and what it says where there is none."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from copystudio.db import JobStatus
from generation.models import TrainingRun
from generation.services.schedule import schedule_set
from tests.generation.training_pages.makers import HTMX, ended, make_training, running, trained
from tests.people import Cast, make_cast


def url(cast: Cast) -> str:
    return f"/w/{cast.workspace.slug}/training/"


def test_an_empty_list_says_what_training_is_for_and_what_it_needs(cast: Cast) -> None:
    shown = cast.client(cast.admin).get(url(cast)).content.decode()
    assert "write more like your team" in shown and "It needs a base model" in shown
    assert f"{url(cast)}new/" in shown


def test_an_approver_reads_and_is_offered_no_change(cast: Cast) -> None:
    shown = cast.client(cast.approver).get(url(cast)).content.decode()
    assert "Admins start it." in shown and f"{url(cast)}new/" not in shown and f"{url(cast)}schedule/" not in shown


def test_a_row_shows_status_data_loss_version_and_who(cast: Cast) -> None:
    run = trained(cast)
    shown = cast.client(cast.approver).get(url(cast)).content.decode()
    assert "Succeeded" in shown and "1.832" in shown and f"v{run.version.number}" in shown
    assert cast.admin.name in shown
    page = cast.client(cast.approver).get(url(cast))
    assert page.context["rows"] == [(run, 52, 5)]


def test_while_one_is_open_it_is_linked_and_no_other_is_offered(cast: Cast) -> None:
    run = running(make_training(cast))
    shown = cast.client(cast.admin).get(url(cast)).content.decode()
    assert "a workspace has one at a time" in shown and f"{url(cast)}{run.pk}/" in shown
    assert f"{url(cast)}new/" not in shown and "20&nbsp;%" in shown


def test_it_is_filtered_by_name_and_status(cast: Cast) -> None:
    first = ended(make_training(cast, label="Autumn"), JobStatus.FAILED, code="memory")
    second = ended(make_training(cast, label="Winter"))
    client = cast.client(cast.approver)

    def found(query: str) -> list[TrainingRun]:
        return [row[0] for row in client.get(url(cast) + query).context["rows"]]

    assert found("") == [second, first]
    assert found("?q=aut") == [first] and found("?status=succeeded") == [second]
    assert "No training matches" in client.get(url(cast) + "?q=summer").content.decode()


def test_htmx_gets_the_table_alone(cast: Cast) -> None:
    trained(cast)
    shown = cast.client(cast.approver).get(url(cast), headers=HTMX).content.decode()
    assert 'id="trainings"' in shown and "<html" not in shown


def test_more_rows_take_no_more_queries(cast: Cast) -> None:
    client = cast.client(cast.approver)
    trained(cast)
    client.get(url(cast))
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get(url(cast))
    for _ in range(4):
        trained(cast)
    with CaptureQueriesContext(connection) as five:
        client.get(url(cast))
    assert len(five) == len(one)


def test_the_schedule_is_told_in_words(cast: Cast) -> None:
    schedule_set(actor=cast.admin, workspace=cast.workspace, is_on=True, weekday=2, hour=3, least_new=50)
    shown = cast.client(cast.approver).get(url(cast)).content.decode()
    assert "Every Wednesday at 3:00 (UTC), when at least 50 examples or pairs are new." in shown


def test_the_way_there_stands_in_the_navigation_of_approvers_and_not_of_copywriters(cast: Cast) -> None:
    home = f"/w/{cast.workspace.slug}/"
    link = f'href="{url(cast)}"'
    assert link in cast.client(cast.approver).get(home).content.decode()
    assert link not in cast.client(cast.copywriter).get(home).content.decode()


def test_others_are_refused(cast: Cast) -> None:
    foreign = trained(make_cast("other"))
    assert cast.client(cast.copywriter).get(url(cast)).status_code == 403
    assert cast.client(cast.stranger).get(url(cast)).status_code == 404
    assert cast.client(cast.approver).post(url(cast)).status_code == 405
    assert foreign.label not in cast.client(cast.approver).get(url(cast)).content.decode()
