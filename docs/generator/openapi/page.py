"""The OpenAPI document as one page to read: no script, one style sheet, nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from docs.generator.openapi.constraints import Schema

STYLE: Final = "/reference/style.css"
DOCUMENT: Final = "/openapi.json"
_CODE: Final = re.compile(r"(`+)(.+?)\1")
_REF: Final = "$ref"


def reference_page(document: Schema) -> str:
    """The whole page."""
    info = document["info"]
    title = f"{info['title']} {info['version']}: calls as JSON"
    operations = [(path, verb, one) for path, item in document["paths"].items() for verb, one in item.items()]
    components = document["components"]
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{escape(title)}</title>",
        f'<link rel="stylesheet" href="{STYLE}">',
        "</head>",
        "<body>",
        *_contents(document["tags"], operations),
        "<main>",
        f"<h1>{escape(title)}</h1>",
        _flow(info["description"]),
        f'<p>For programs: <a href="{DOCUMENT}"><code>{DOCUMENT}</code></a>, OpenAPI {document["openapi"]}.</p>',
        '<h2 id="sign-in">Who calls</h2>',
        *_schemes(components["securitySchemes"]),
        '<h2 id="failed">What any call may fail with</h2>',
        _flow(components["responses"]["Failed"]["description"]),
    ]
    for tag in document["tags"]:
        parts += [f'<h2 id="{escape(tag["name"])}">{escape(tag["name"])}</h2>', _flow(tag["description"])]
        for path, verb, one in operations:
            if tag["name"] in one["tags"]:
                parts += _operation(path, verb, one)
    parts.append('<h2 id="schemas">Types</h2>')
    for name, schema in components["schemas"].items():
        parts += _schema(name, schema)
    return "\n".join((*parts, "</main>", "</body>", "</html>")) + "\n"


def _contents(tags: list[Schema], operations: list[tuple[str, str, Schema]]) -> Iterator[str]:
    yield '<nav aria-label="Calls">'
    yield '<p><a href="#sign-in">Who calls</a> · <a href="#failed">Errors</a> · <a href="#schemas">Types</a></p>'
    for tag in tags:
        yield f'<h2><a href="#{escape(tag["name"])}">{escape(tag["name"])}</a></h2>'
        names = [one["operationId"] for _, _, one in operations if tag["name"] in one["tags"]]
        yield "<ul>" + "".join(f'<li><a href="#{name}">{name}</a></li>' for name in sorted(names)) + "</ul>"
    yield "</nav>"


def _operation(path: str, verb: str, one: Schema) -> Iterator[str]:
    yield f'<section id="{one["operationId"]}">'
    yield f"<h3>{one['operationId']}</h3>"
    yield f'<p class="call"><b>{verb.upper()}</b> <code>{escape(path)}</code></p>'
    yield _flow(one["description"])
    yield f"<p><b>Who</b>: {_who(one)}. {_how(one)}</p>"
    rows = [
        (
            f"<code>{escape(given['name'])}</code>",
            f"{given['in']}{', required' if given.get('required') else ''}",
            _type(given["schema"]),
            _flow(given["description"]),
        )
        for given in one.get("parameters", ())
    ]
    if rows:
        yield _table(("parameter", "where", "type", "meaning"), rows)
    if "requestBody" in one:
        yield f"<p><b>Body</b>: {_content(one['requestBody'])}</p>"
    yield f"<p><b>Answer</b>: {_content(one['responses']['200'])}</p>"
    failures = [
        (f"<code>{status}</code>", _flow(told["description"]))
        for status, told in one["responses"].items()
        if status not in ("200", "default")
    ]
    if failures:
        yield _table(("fails with", "why, and what to do"), failures)
    yield "</section>"


def _who(one: Schema) -> str:
    ways = [
        " and ".join(
            f"<code>{escape(name)}</code>" + "".join(f" (<code>{escape(scope)}</code>)" for scope in scopes)
            for name, scopes in way.items()
        )
        or "anybody"
        for way in one["security"]
    ]
    relation = one.get("x-vidmesh-relation")
    access = one["x-vidmesh-access"]
    told = ", or ".join(ways)
    if access == "administrator":
        told += ", of an administrator"
    return told + (f", as the resource’s {escape(relation.replace('_', ' '))}" if relation else "")


def _how(one: Schema) -> str:
    limit = one.get("x-vidmesh-timeout-seconds")
    words = [
        f"Budget: {escape(one['x-vidmesh-rate-class'])}.",
        "May be repeated without asking." if one["x-vidmesh-idempotent"] else "",
        f"Takes {limit:g} s at most." if limit is not None else "",
    ]
    return " ".join(word for word in words if word)


def _content(holder: Schema) -> str:
    ((kind, content),) = holder["content"].items()
    return f"{_type(content['schema'])}" + ("" if kind == "application/json" else f" as <code>{kind}</code>")


def _schemes(schemes: Schema) -> Iterator[str]:
    for name, one in schemes.items():
        where = (
            f"{one['in']} <code>{escape(one['name'])}</code>" if "in" in one else "<code>authorization: Bearer …</code>"
        )
        yield f"<h3>{escape(name)}</h3><p>{where}</p>{_flow(one['description'])}"


def _schema(name: str, schema: Schema) -> Iterator[str]:
    yield f'<section id="type-{escape(name)}">'
    yield f"<h3>{escape(name)}</h3>"
    yield _flow(schema.get("description", ""))
    required = set(schema.get("required", ()))
    rows = [
        (f"<code>{escape(field)}</code>{' *' if field in required else ''}", _type(one), _flow(one["description"]))
        for field, one in schema.get("properties", {}).items()
    ]
    if rows:
        yield _table(("field", "type", "meaning"), rows)
    if required:
        yield "<p>* required</p>"
    yield "</section>"


def _type(schema: Schema) -> str:
    if _REF in schema:
        name = schema[_REF].rpartition("/")[2]
        return f'<a href="#type-{escape(name)}">{escape(name)}</a>'
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"map to {_type(schema['additionalProperties'])}"
    told = schema.get("format") or schema.get("contentEncoding") or schema.get("type", "")
    values = ", ".join(f"<code>{escape(value)}</code>" for value in schema.get("enum", ()))
    return f"one of {values}" if values else escape(told)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    titles = "".join(f'<th scope="col">{escape(title)}</th>' for title in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    return f'<div class="wide"><table><thead><tr>{titles}</tr></thead><tbody>\n{body}</tbody></table></div>'


def _flow(text: str) -> str:
    """Paragraphs, lists and literal text of a comment."""
    blocks: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = paragraph.splitlines()
        if lines and all(line.startswith("- ") for line in lines):
            blocks.append("<ul>" + "".join(f"<li>{_words(line[2:])}</li>" for line in lines) + "</ul>")
        elif paragraph:
            blocks.append(f"<p>{_words(' '.join(lines))}</p>")
    return "".join(blocks)


def _words(text: str) -> str:
    out, at = [], 0
    for found in _CODE.finditer(text):
        out += [escape(text[at : found.start()]), f"<code>{escape(found[2].strip())}</code>"]
        at = found.end()
    return "".join((*out, escape(text[at:])))
