"""Emotions of texts on AWS Lambda: called directly, by a function URL, or behind an API gateway.

The event is ``{"texts": ["…"]}``, with ``threshold``, ``top_k`` or ``reliable_only`` if wanted, or an HTTP request with
such an object as its body. The answer is ``{"results": [{label: probability}, …]}``, in the order of the texts.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from goemotions import EmotionClassifier

MOST_TEXTS = 1000
OPTIONS = ("threshold", "top_k", "reliable_only")

classifier = EmotionClassifier()  # once per container, before the first event
classifier.predict(["warm"])


def handler(event: dict[str, Any], context: object = None) -> dict[str, Any]:
    """Answer an event."""
    if "requestContext" not in event:
        return answer(event)
    try:
        body = event.get("body") or ""
        given = json.loads(base64.b64decode(body) if event.get("isBase64Encoded") else body)
        status, found = 200, answer(given)
    except (ValueError, TypeError) as error:
        status, found = 400, {"error": str(error)}
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(found)}


def answer(given: Any) -> dict[str, Any]:
    """Return the emotions of an event's texts.

    Raises:
        ValueError, TypeError: an event that is not as expected, or too many texts.
    """
    texts = given.get("texts") if isinstance(given, dict) else None
    if not isinstance(texts, list):
        raise ValueError('expected {"texts": ["…"]}')
    if len(texts) > MOST_TEXTS:
        raise ValueError(f"got {len(texts):,} texts, at most {MOST_TEXTS:,} are answered at once")
    if unknown := set(given) - {"texts", *OPTIONS}:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known: texts, {', '.join(OPTIONS)}")
    return {"results": classifier.predict(texts, **{name: given[name] for name in OPTIONS if name in given})}
