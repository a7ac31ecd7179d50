"""Serializer fields that take exactly what the OpenAPI description says, and coerce nothing."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from decimal import Decimal
from typing import Any, NoReturn

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
NO_NUL = r"^[^\x00]+$"
MOST_VALUE = 9_999_999_999
CENT = Decimal("0.01")


class Text(serializers.CharField):
    """A string, kept byte for byte: nothing is trimmed, and numbers are not turned into strings."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)
        # refused by CharField anyway; written as a pattern, it stands in the description too
        self.validators.append(RegexValidator(NO_NUL, _("Null characters are not allowed.")))

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Uuid(serializers.Field):
    default_error_messages = {"invalid": _("This is not a UUID.")}

    def to_internal_value(self, data: Any) -> uuid.UUID:
        if not isinstance(data, str) or not UUID.fullmatch(data):
            self.fail("invalid")
        return uuid.UUID(data)

    def to_representation(self, value: uuid.UUID) -> str:
        return str(value)


class Moment(serializers.Field):
    """A time with its offset, as RFC 3339 has it; without an offset nobody knows when it was."""

    default_error_messages = {"invalid": _("This is not a time with its offset, such as 2026-05-01T12:00:00Z.")}

    def to_internal_value(self, data: Any) -> dt.datetime:
        if not isinstance(data, str) or not RFC_3339.fullmatch(data):
            self.fail("invalid")
        # a leap second is the second after: Python's calendar has none
        text, leap = (
            (data[:17] + "59" + data[19:], dt.timedelta(seconds=1)) if data[17:19] == "60" else (data, dt.timedelta())
        )
        try:
            return (dt.datetime.fromisoformat(text.upper()) + leap).astimezone(dt.UTC)
        except OverflowError:  # the first or the last hours that a calendar of four digits has
            return dt.datetime(1 if text.startswith("0") else 9999, 6, 1, tzinfo=dt.UTC)
        except ValueError:
            self.fail("invalid")

    def to_representation(self, value: dt.datetime) -> str:
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


class Amount(serializers.Field):
    """A JSON number of at least 0, kept to two decimals."""

    default_error_messages = {
        "invalid": _("This is not a number."),
        "range": _("This has to be between 0 and 9,999,999,999."),
    }

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        if not 0 <= data <= MOST_VALUE:  # also refuses NaN and infinity
            self.fail("range")
        return Decimal(str(data)).quantize(CENT)

    def to_representation(self, value: Decimal) -> float:
        return float(value)


class Choice(serializers.ChoiceField):
    """One of the given strings, spelled exactly so."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.choices:
            self._unknown()
        return data

    def _unknown(self) -> NoReturn:
        raise serializers.ValidationError(
            _("This has to be one of: %(choices)s.") % {"choices": ", ".join(map(str, self.choices))},
            code="invalid_choice",
        )


class Whole(serializers.IntegerField):
    """A whole number in decimal digits, as it stands in a query."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, str) or not re.fullmatch(r"[0-9]{1,19}", data, re.ASCII):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class JsonWhole(serializers.IntegerField):
    """A whole number in a JSON body: neither a string nor true or false."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int | float) or data != data or data % 1:
            self.fail("invalid")
        return int(data)


extend_schema_field({"type": "string", "format": "uuid"})(Uuid)
extend_schema_field({"type": "string", "format": "date-time"})(Moment)
extend_schema_field({"type": "number", "minimum": 0, "maximum": MOST_VALUE})(Amount)
