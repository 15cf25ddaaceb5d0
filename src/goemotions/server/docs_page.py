"""The API's description as a page to read, without scripts."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

EXAMPLES = {
    "/": {"inputs": "I like you.", "parameters": {"top_k": 3}},
    "/predict": {"inputs": [["I like you."], ["I hate pineapples."]]},
    "/v1/emotions": {"texts": ["Thank you so much!"], "threshold": {"gratitude": 0.6}, "reliable_only": True},
}

FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>goemotions: the API</title>
<link rel="icon" href="/static/icon.svg">
<link rel="stylesheet" href="/static/page.css">
</head>
<body>
<main class="docs">
<h1>The API</h1>
<p>{description} <a href="/">The page</a> · <a href="/openapi.json">openapi.json</a></p>
{operations}
</main>
</body>
</html>
"""


def render(api: dict[str, Any]) -> str:
    """Return an OpenAPI description as an HTML page."""
    operations = [
        operation(api, method, path, found)
        for path, methods in api["paths"].items()
        for method, found in methods.items()
    ]
    return FRAME.format(description=escape(api["info"]["description"]), operations="\n".join(operations))


def operation(api: dict[str, Any], method: str, path: str, found: dict[str, Any]) -> str:
    parts = [
        f"<h2><code>{method.upper()} {escape(path)}</code></h2>",
        f"<p><strong>{escape(found['summary'])}.</strong> {prose(found.get('description', ''))}</p>",
    ]
    if "requestBody" in found:
        reference = found["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        parts.append(fields(api, reference.rpartition("/")[2]))
    if path in EXAMPLES and method == "post":
        body = json.dumps(EXAMPLES[path])
        command = f"curl http://127.0.0.1:8080{path} -H 'Content-Type: application/json' \\\n  -d '{body}'"
        parts.append(f'<pre tabindex="0"><code>{escape(command)}</code></pre>')
    answers = "".join(
        f"<li><code>{status}</code> {escape(said['description'])}</li>" for status, said in found["responses"].items()
    )
    return "".join([*parts, f"<details><summary>Answers</summary><ul>{answers}</ul></details>"])


def fields(api: dict[str, Any], name: str) -> str:
    """Return a table with a row per parameter; those of an object within the request follow under its name."""
    rows = "".join(
        f"<tr><th scope='row'><code>{escape(field)}</code></th><td>{escape(kind)}</td><td>{prose(text)}</td></tr>"
        for field, kind, text in describe(api, name, "")
    )
    head = "<tr><th scope='col'>parameter</th><th scope='col'>type</th><th scope='col'>meaning</th></tr>"
    return f"<div class='scroll' tabindex='0'><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>"


def prose(text: str) -> str:
    """Return words with `code` in them as HTML."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def describe(api: dict[str, Any], name: str, prefix: str) -> list[tuple[str, str, str]]:
    rows = []
    for field, schema in api["components"]["schemas"][name]["properties"].items():
        rows.append((prefix + field, kind_of(schema), schema.get("description", "")))
        for part in schema.get("anyOf", [schema]):
            if "$ref" in part:
                rows += describe(api, part["$ref"].rpartition("/")[2], f"{prefix}{field}.")
    return rows


def kind_of(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(kind for kind in map(kind_of, schema["anyOf"]) if kind != "null")
    if "enum" in schema:
        return " or ".join(map(repr, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {kind_of(schema['items'])}"
    return str(schema.get("type", "object"))
