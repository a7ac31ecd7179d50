"""Reading JSON bodies: bounded, and without the inputs that only break later (deep nesting, half characters)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, status
from rest_framework.parsers import BaseParser

MAX_BYTES = 1024 * 1024
HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")
ESCAPED_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


class TooLargeError(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = _("The body is larger than 1 MB. Send smaller batches.")
    default_code = "too_large"


class PlainJSONParser(BaseParser):
    """UTF-8 JSON of at most 1 MB, as RFC 8259 has it: no NaN, no lone surrogates."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        raw = stream.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise TooLargeError
        try:
            data = json.loads(raw.decode("utf-8"), parse_constant=self._refuse)
            halves = ESCAPED_HALF.search(raw) and HALF_CHARACTER.search(json.dumps(data, ensure_ascii=False))
        except (ValueError, RecursionError):
            raise exceptions.ParseError(_("The body is not valid JSON.")) from None
        if halves:
            raise exceptions.ParseError(_("The body contains half a character (a lone surrogate)."))
        return data

    @staticmethod
    def _refuse(constant: str) -> NoReturn:
        raise ValueError(constant)
