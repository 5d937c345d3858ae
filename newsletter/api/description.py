"""The description of the API: an OpenAPI 3.1 document, and a page made from it that needs no script."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from ninja import NinjaAPI

from newsletter.api.schemas import ProblemDocument
from newsletter.render.content.markdown import markdown

PREFIX = "/api/v1/"
ABOUT = """\
Newsletter's API does what the desk and the commands do, by the same rules.

Requests need a token with the scope of the operation: `Authorization: Bearer nl_…`. Create tokens at the desk under
Settings, or with `newsletter tokens add`.

- Lists have the newest first, in pages. Give a page's `next_cursor` as `cursor` to get the next one.
- Changes of an edition need its `ETag` as `If-Match`. If somebody else has changed it, nothing is done (412).
- A POST may have an `Idempotency-Key`. Repeating it with the same key within a day gets the same answer, and has no
  further effect. A request that was refused can be repeated with its key.
- Refusals are problem documents (RFC 9457) with the `code` and `params` of a message.
- A token has 600 requests a minute. The fields `RateLimit` and `RateLimit-Policy` say how many are left.
"""
NDJSON = {"application/x-ndjson": {"schema": {"type": "string"}}}
METHODS = ("get", "post", "patch", "delete")


def document(api: NinjaAPI) -> dict[str, Any]:
    """Return the OpenAPI document."""
    schema = dict(api.get_openapi_schema(path_prefix=PREFIX))
    schema["components"]["schemas"]["ProblemDocument"] = ProblemDocument.model_json_schema()
    for operations in schema["paths"].values():
        for operation in operations.values():
            _complete(operation)
    plain: dict[str, Any] = json.loads(json.dumps(schema))
    return plain


def _complete(operation: dict[str, Any]) -> None:
    """Add what the framework leaves out of an operation: the headers of its answers, and an export's content."""
    text = {"schema": {"type": "string"}}
    for status, answer in operation["responses"].items():
        if int(status) < 400:
            answer["headers"] = {"RateLimit": text, "RateLimit-Policy": text}
            if "EditionOut" in json.dumps(answer) or int(status) == 304:
                answer["headers"] |= {"ETag": text}
            if int(status) == 201:
                answer["headers"] |= {"Location": text}
    if operation["operationId"] == "export_subscribers":
        operation["responses"][200]["content"] = NDJSON


@cache
def _as_text(api: NinjaAPI) -> str:
    return json.dumps(document(api), ensure_ascii=False)


def as_json(api: NinjaAPI) -> HttpResponse:
    """Return the document as a response."""
    return HttpResponse(_as_text(api), content_type="application/json")


def page_view(api: NinjaAPI) -> Callable[[HttpRequest], HttpResponse]:
    """Return the view of the page."""

    def docs(request: HttpRequest) -> HttpResponse:
        described = json.loads(_as_text(api))
        groups: dict[str, list[dict[str, Any]]] = {}
        for tag, operation in _operations(described):
            groups.setdefault(tag, []).append(operation)
        context = {"about": _html(ABOUT), "groups": groups.items(), "schemas": list(_schemas(described))}
        return render(request, "api/docs.html", context)

    return docs


def _operations(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each operation as the page shows it, with its group."""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            parameters = [
                {**_field(p["name"], p["schema"], p["required"]), "in": p["in"], "text": p.get("description", "")}
                for p in operation["parameters"]
            ]
            yield (
                operation["tags"][0],
                {
                    "name": operation["operationId"],
                    "method": method.upper(),
                    "path": path,
                    "summary": operation["summary"],
                    "text": _html(operation.get("description", "")),
                    "parameters": parameters,
                    "body": _name(body),
                    "answers": [(status, answer["description"]) for status, answer in operation["responses"].items()],
                },
            )


def _schemas(described: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, schema in sorted(described["components"]["schemas"].items()):
        required = schema.get("required", [])
        fields = [_field(key, value, key in required) for key, value in schema.get("properties", {}).items()]
        yield {"name": name, "text": _html(schema.get("description", "")), "fields": fields}


def _html(text: str) -> str:
    """Return Markdown as HTML, which `markdown` has cleaned."""
    return mark_safe(markdown(text))  # noqa: S308


def _field(name: str, schema: dict[str, Any], required: bool) -> dict[str, Any]:
    return {"name": name, "kind": _kind(schema), "required": required, "text": schema.get("description", "")}


def _kind(schema: dict[str, Any]) -> str:
    """Return a type in words: `string`, `date-time or null`, `PostOut[]`, `"in", "out"`."""
    if "$ref" in schema:
        return _name(schema)
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(option) for option in schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(f'"{option}"' for option in schema["enum"])
    if "const" in schema:
        return f'"{schema["const"]}"'
    if schema.get("type") == "array":
        return f"{_kind(schema.get('items', {}))}[]"
    return str(schema.get("format") or schema.get("type") or "any")


def _name(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]
