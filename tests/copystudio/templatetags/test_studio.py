"""The template tags, rendered through the product's own engine."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import RequestContext, TemplateSyntaxError, engines
from django.test import RequestFactory
from django.utils import timezone, translation


def rendered(source: str, query: str = "", **context: Any) -> str:
    request = RequestFactory().get(f"/list/{query}")
    return engines["django"].from_string(source).template.render(RequestContext(request, context))


class BriefForm(forms.Form):
    name = forms.CharField(label="Name", help_text="Short.")
    text = forms.CharField(widget=forms.Textarea)
    channels = forms.MultipleChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.CheckboxSelectMultiple)
    urgent = forms.BooleanField(required=False)


def test_an_icon_is_decorative_unless_it_has_a_label() -> None:
    assert 'aria-hidden="true"' in rendered('{% icon "check" %}')
    assert 'role="img" aria-label="Yes"' in rendered('{% icon "check" label="Yes" %}')


def test_marked_text_is_the_text_with_its_marks_and_nothing_else() -> None:
    findings = [{"severity": "warning", "start": 2, "end": 6}, {"severity": "blocking", "start": 4, "end": 9}]
    html = rendered("{% marked_text text findings %}", text="a <b>\n山顶x", findings=findings)
    assert html == 'a <mark class="mark-warning">&lt;b</mark><mark class="mark-blocking">&gt;\n山顶x</mark>'


def test_findings_without_a_place_mark_nothing() -> None:
    assert rendered("{% marked_text text findings %}", text="abc", findings=[{"severity": "info"}]) == "abc"


def test_a_difference_escapes_what_it_shows() -> None:
    segments = [{"op": "equal", "text": "a "}, {"op": "delete", "text": "<i>"}, {"op": "insert", "text": "b"}]
    assert rendered("{% diff_text segments %}", segments=segments) == "a <del>&lt;i&gt;</del><ins>b</ins>"


def test_a_field_ties_label_help_and_errors_together() -> None:
    html = rendered('{% field form.name placeholder="e.g. autumn" %}', form=BriefForm({"name": ""}))
    assert 'for="id_name"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html and 'id="id_name_error"' in html
    assert 'aria-invalid="true"' in html and 'placeholder="e.g. autumn"' in html
    assert "form-control is-invalid" in html


def test_a_field_with_a_counter_has_a_place_for_the_count() -> None:
    html = rendered('{% field form.text data_counter_unit="words" data_counter_hard=9 %}', form=BriefForm())
    assert 'data-counter-unit="words"' in html and 'data-counter-hard="9"' in html
    assert 'data-counter-for="id_text"' in html


def test_choices_are_a_fieldset_and_keep_what_was_chosen() -> None:
    html = rendered("{% field form.channels %}", form=BriefForm({"channels": ["b"]}))
    assert "<fieldset" in html and "<legend" in html
    assert html.count("checked") == 1


def test_a_field_can_have_another_id() -> None:
    html = rendered('{% field form.text id="other" data_counter_unit="words" %}', form=BriefForm())
    assert 'for="other"' in html and 'data-counter-for="other"' in html


def test_pages_keep_the_filters_and_are_links_with_and_without_htmx() -> None:
    page = Paginator(range(90), 10).get_page(3)
    html = rendered('{% pagination page target="#rows" %}', "?q=jacket&page=3", page=page)
    assert 'href="?q=jacket&amp;page=2"' in html
    assert 'hx-get="?q=jacket&amp;page=2"' in html and 'hx-target="#rows"' in html
    assert html.count('aria-current="page"') == 1


def test_a_single_page_has_no_pager() -> None:
    assert rendered("{% pagination page %}", page=Paginator(range(3), 10).get_page(1)).strip() == ""


@pytest.mark.parametrize(
    ("query", "sorted_as", "link"),
    [("", None, "?sort=name"), ("?sort=name", "ascending", "?sort=-name"), ("?sort=-name", "descending", "?sort=name")],
)
def test_a_sorting_head_turns_round(query: str, sorted_as: str | None, link: str) -> None:
    html = rendered('{% sort_header "name" "Name" %}', query)
    assert f'href="{link}"' in html
    assert ("aria-sort" in html) == (sorted_as is not None)
    assert sorted_as is None or f'aria-sort="{sorted_as}"' in html


def test_a_table_shows_its_pages() -> None:
    source = '{% datatable caption="C" page=page id="rows" %}<tbody></tbody>{% enddatatable %}'
    html = rendered(source, page=Paginator(range(30), 10).get_page(1))
    assert 'id="rows"' in html and '<caption class="visually-hidden">C</caption>' in html
    assert 'hx-target="#rows"' in html


def test_a_block_component_escapes_its_title_and_keeps_the_pages_context() -> None:
    html = rendered("{% panel title=title %}{{ word }}{% endpanel %}", title="<b>", word="<i>")
    assert "&lt;b&gt;" in html and "&lt;i&gt;" in html
    assert "<b>" not in html


def test_a_misspelt_option_is_refused() -> None:
    with pytest.raises(TemplateSyntaxError, match="unknown options: flash"):
        rendered("{% panel flash=True %}{% endpanel %}")


@pytest.mark.parametrize(
    ("source", "value", "shown"),
    [
        ("{{ value|number }}", 1234567, "1,234,567"),
        ("{{ value|number:1 }}", Decimal("-12.34"), "−12.3"),
        ("{{ value|number }}", None, "–"),
        ("{{ value|percent }}", 0.0227, "2.27\u202f%"),
        ("{{ value|percent:0 }}", None, "–"),
        ('{{ value|money:"CNY" }}', 79.9, "CNY\u00a079.90"),
        ("{{ value|money }}", None, "–"),
    ],
)
def test_numbers_read_the_same_in_both_languages(source: str, value: Any, shown: str) -> None:
    for language in ("en", "zh-hans"):
        with translation.override(language):
            assert rendered(source, value=value) == shown


def test_a_recent_time_is_relative_and_an_old_one_a_date() -> None:
    now = timezone.now()
    assert "3\xa0hours ago" in rendered("{% timestamp at %}", at=now - timedelta(hours=3, minutes=1))
    assert "ago" not in rendered("{% timestamp at %}", at=now - timedelta(days=8))
    assert "ago" not in rendered("{% timestamp at exact=True %}", at=now - timedelta(hours=3))
    assert rendered("{% timestamp at %}", at=None).strip() == "–"


def test_a_charts_table_says_what_the_chart_says() -> None:
    chart = {
        "kind": "line", "labels": ["Mon", "Tue"], "format": "percent", "title": "Rate", "axis": "Day",
        "series": [{"name": "A", "data": [0.01, None]}],
    }  # fmt: skip
    html = rendered('{% include "components/chart_with_table.html" %}', chart=chart)
    assert "1.00\u202f%" in html and "–" in html and "Tue" in html
    assert "&quot;kind&quot;: &quot;line&quot;" in html
