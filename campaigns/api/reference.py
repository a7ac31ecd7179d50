"""The reference page of the API, rendered on the server from the OpenAPI description.

The ready viewers build their page with inline styles and scripts, which the content security policy refuses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from campaigns.api.description import description
from copystudio.http import render

Schema = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """One value of a request or an answer; ``name`` with dots for values inside others, ``[]`` for lists."""

    name: str
    kind: str
    description: str
    required: bool = False


@dataclass(frozen=True)
class Answer:
    """One response: its status, what it means, its headers and the values of its body."""

    status: str
    description: str
    headers: list[Field]
    fields: list[Field]


@dataclass(frozen=True)
class Body:
    """One shape that the body of a request may have; ``description`` tells it from the others, where there are several."""

    description: str
    fields: list[Field]


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    summary: str
    description: str
    scope: str
    parameters: list[Field]
    bodies: list[Body]
    answers: list[Answer]
    problems: list[Answer]
    curl: str


@dataclass(frozen=True)
class Webhooks:
    """The messages that the studio sends: when, with what headers and values."""

    events: list[tuple[str, str]]
    description: str
    headers: list[Field]
    fields: list[Field]
    example: str


def in_order(parameters: list[Schema]) -> list[Schema]:
    """What has to be given first, headers last."""
    return sorted(parameters, key=lambda parameter: (parameter["in"] == "header", not parameter.get("required")))


class Reader:
    """Turns a description into what the page shows."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.server = schema["servers"][0]["url"]

    def operations(self) -> list[Operation]:
        order = {"decide": 0, "events": 1}
        found = [
            self._operation(path, method, operation)
            for path, methods in self.schema["paths"].items()
            for method, operation in methods.items()
        ]
        return sorted(found, key=lambda operation: order.get(operation.name, 2))

    def problem_fields(self) -> list[Field]:
        return list(self._fields({"$ref": "#/components/schemas/Problem"}))

    def _operation(self, path: str, method: str, operation: Schema) -> Operation:
        answers = [self._answer(status, answer) for status, answer in sorted(operation["responses"].items())]
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        return Operation(
            name=operation["operationId"],
            method=method.upper(),
            path=path,
            summary=operation["summary"],
            description=operation["description"],
            scope=operation["security"][0]["apiKey"][0],
            parameters=[self._parameter(parameter) for parameter in in_order(operation.get("parameters", []))],
            bodies=self._bodies(body["schema"]) if body else [],
            answers=[answer for answer in answers if answer.status < "400"],
            problems=[answer for answer in answers if answer.status >= "400"],
            curl=self._curl(path, method, operation, body),
        )

    def _bodies(self, schema: Schema) -> list[Body]:
        """The shapes that the schema allows: one, or those of ``oneOf``."""
        shapes = self._plain(schema).get("oneOf", [schema])
        told = len(shapes) > 1
        return [
            Body(self._resolve(shape).get("description", "") if told else "", list(self._fields(shape)))
            for shape in shapes
        ]

    def _plain(self, schema: Schema) -> Schema:
        """The schema that a reference names, with its ``oneOf`` still there."""
        name = schema.get("$ref", "").rsplit("/", 1)[-1]
        found: Schema = self.schema["components"]["schemas"][name] if name else schema
        return found

    def webhooks(self) -> Webhooks:
        """What is said of webhooks: they differ only in when they come."""
        events = self.schema["webhooks"]
        first = next(iter(events.values()))["post"]
        content = first["requestBody"]["content"]["application/json"]
        return Webhooks(
            events=[(name, event["post"]["summary"]) for name, event in events.items()],
            description=first["description"],
            headers=[self._parameter(header) for header in first["parameters"]],
            fields=list(self._fields(content["schema"])),
            example=json.dumps(content["example"], indent=2, ensure_ascii=False),
        )

    def _parameter(self, parameter: Schema) -> Field:
        places = {"query": _("in the query"), "path": _("in the path"), "header": _("header")}
        kind = f"{self._kind(parameter['schema'])}, {places[parameter['in']]}"
        return Field(parameter["name"], kind, parameter.get("description", ""), parameter.get("required", False))

    def _answer(self, status: str, answer: Schema) -> Answer:
        headers = [
            Field(name, self._kind(header["schema"]), header.get("description", ""))
            for name, header in answer.get("headers", {}).items()
        ]
        content = answer.get("content", {}).get("application/json", {})
        fields = list(self._fields(content["schema"])) if content else []
        return Answer(status, answer["description"], headers, fields)

    def _resolve(self, schema: Schema) -> Schema:
        """The schema behind references and ``oneOf`` with null; what stands beside a reference is kept."""
        for key in ("allOf", "oneOf"):
            if key in schema:
                inner = next(part for part in schema[key] if part.get("type") != "null")
                return {**self._resolve(inner), **{k: v for k, v in schema.items() if k != key}}
        if "$ref" in schema:
            found: Schema = self.schema["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
            return {**self._resolve(found), **{k: v for k, v in schema.items() if k != "$ref"}}
        return schema

    def _fields(self, schema: Schema, prefix: str = "") -> Iterator[Field]:
        resolved = self._resolve(schema)
        for name, inner in resolved.get("properties", {}).items():
            value = self._resolve(inner)
            label = f"{prefix}{name}{'[]' if value.get('type') == 'array' else ''}"
            required = name in resolved.get("required", [])
            yield Field(label, self._kind(inner), value.get("description", ""), required)
            yield from self._fields(value.get("items", value) if value.get("type") == "array" else value, f"{label}.")

    def _kind(self, schema: Schema) -> str:
        """The type in words, with its limits: “string, at most 80 characters”."""
        value = self._resolve(schema)
        kinds = value.get("type", "object")
        optional = (isinstance(kinds, list) and "null" in kinds) or "oneOf" in schema
        words = [next(kind for kind in kinds if kind != "null") if isinstance(kinds, list) else kinds]
        if "enum" in value:
            words = [" | ".join(map(str, value["enum"]))]
        elif "format" in value and value["format"] != "int64":
            words = [value["format"]]
        if "maxLength" in value:
            words.append(_("at most %(most)s characters") % {"most": value["maxLength"]})
        if "maxItems" in value:
            words.append(_("at most %(most)s entries") % {"most": value["maxItems"]})
        if optional:
            words.append(_("or null"))
        return ", ".join(words)

    def _curl(self, path: str, method: str, operation: Schema, body: Schema) -> str:
        shown = {p["name"]: p["example"] for p in operation.get("parameters", []) if "example" in p}
        query = "&".join(f"{name}={value}" for name, value in shown.items())
        url = self.server + path.replace("{id}", "1") + (f"?{query}" if query else "")
        lines = ['curl -H "Authorization: Bearer $COPY_STUDIO_KEY"']
        if body and "examples" in body:
            example = next(iter(body["examples"].values()))["value"]
            text = json.dumps(example, indent=2, ensure_ascii=False)
            lines += [f"  -X {method.upper()} -H 'Content-Type: application/json'", f"  -d '{text}'"]
        elif method == "post":
            lines += ["  -X POST"]
        return " \\\n".join([*lines, f'  "{url}"'])


@require_safe
@login_required
def docs(request: HttpRequest) -> HttpResponse:
    """For any signed-in person: the description names nothing of a workspace."""
    schema = description(request.build_absolute_uri("/").rstrip("/"))
    reader = Reader(schema)
    context = {
        "info": schema["info"],
        "operations": reader.operations(),
        "webhooks": reader.webhooks(),
        "problem_fields": reader.problem_fields(),
    }
    return render(request, "campaigns/api/reference.html", context)
