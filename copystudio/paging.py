"""Pages of long lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet


class KeyPaginator(Paginator):  # type: ignore[type-arg]
    """Pages that are read in two steps: the keys of the page's rows, then only these rows with all that they show.

    A deep page of a plain queryset joins every row before it as well. A page of the second half is read from the end, so
    that the last one costs no more than the first.

    keys   the keys in an order that leaves no two of them equal, as ``values_list(…, flat=True)``
    rows   the rows of some keys, in the same order
    count  how many keys there are, where that is known
    """

    def __init__(
        self,
        keys: QuerySet[Any, Any],
        rows: Callable[[list[Any]], Sequence[Any]],
        per_page: int,
        count: int | None = None,
    ) -> None:
        super().__init__(keys, per_page)
        self._keys, self._rows, self._known = keys, rows, count

    @property
    def count(self) -> int:  # type: ignore[override]
        if self._known is None:
            self._known = self._keys.count()
        return self._known

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        keys = self._keys_of(number)
        return Page(self._rows(keys) if keys else [], number, self)

    def _keys_of(self, number: int) -> list[Any]:
        first = (number - 1) * self.per_page
        last = min(first + self.per_page, self.count)
        if first <= self.count // 2:
            return list(self._keys[first:last])
        return list(self._keys.reverse()[self.count - last : self.count - first])[::-1]
