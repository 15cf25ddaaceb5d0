"""What stands in ``examples`` works, and says what was measured."""

from __future__ import annotations

import base64
import importlib
import json
from types import ModuleType
from typing import Any

import pytest
from environments import ROOT

EXAMPLE = ROOT / "examples" / "aws_lambda"


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    return importlib.import_module("handler")


def request(body: str | bytes) -> dict[str, Any]:
    """Return the event of a function URL (payload format 2.0)."""
    encoded = isinstance(body, bytes)
    text = base64.b64encode(body).decode() if isinstance(body, bytes) else body
    return {"version": "2.0", "requestContext": {"http": {"method": "POST"}}, "body": text, "isBase64Encoded": encoded}


def test_an_event_is_answered(handler: ModuleType) -> None:
    found = handler.handler({"texts": ["Thank you so much!", ""], "top_k": 1})
    assert [list(emotions) for emotions in found["results"]] == [["gratitude"], []]
    with pytest.raises(ValueError, match="expected"):
        handler.handler({"text": "hm"})


def test_a_request_over_http_is_answered(handler: ModuleType) -> None:
    asked = json.dumps({"texts": ["Grüße, thank you!"], "threshold": {"gratitude": 0.1}}, ensure_ascii=False)
    for body in (asked, asked.encode()):
        found = handler.handler(request(body), object())
        assert found["statusCode"] == 200
        assert "gratitude" in json.loads(found["body"])["results"][0]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "Expecting value"),
        ("[]", "expected"),
        ('{"texts": "one"}', "expected"),
        ('{"texts": [1]}', "text"),
        ('{"texts": ["a"], "treshold": 1}', "unknown: treshold"),
        (json.dumps({"texts": ["a"] * 1001}), "got 1,001 texts, at most 1,000"),
        (b"\xff", "utf-8"),
    ],
)
def test_a_bad_request_is_told_why(handler: ModuleType, body: str | bytes, said: str) -> None:
    found = handler.handler(request(body))
    assert found["statusCode"] == 400
    assert said in json.loads(found["body"])["error"]


def test_the_page_has_the_figures_of_the_committed_run() -> None:
    measured = json.loads((ROOT / "benchmarks" / "results" / "aws_lambda.json").read_text(encoding="utf-8"))
    page = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    for figure in ("unpacked_mb", "zipped_mb", "peak_mb"):
        assert f"| {measured[figure]} MB |" in page
    assert f"| {measured['first_answer_cpu_s']} s |" in page
    assert json.dumps(measured["first"]) in page
    assert measured["unpacked_mb"] < 262.1
