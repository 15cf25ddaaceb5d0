"""``explain`` of ``/v1/emotions``: what the library says, at a cost that the limits bound."""

from __future__ import annotations

from running import Server
from server_texts import LONG

from goemotions import EmotionClassifier

TEXTS = ["I'm not happy with this at all!", "", "thanks❤️"]


def test_it_says_what_the_library_says(server: Server, classifier: EmotionClassifier) -> None:
    found = server.post("/v1/emotions", {"texts": TEXTS, "explain": True}).json["results"]
    for text, result, explained in zip(TEXTS, found, classifier.explain(TEXTS), strict=True):
        labels = [entry["label"] for entry in result["emotions"]]
        if not text:
            assert "explanation" not in result
            continue
        expected, got = explained.as_json(labels), result["explanation"]
        assert list(got["effects"]) == labels
        assert got["words"] == expected["words"]
        for label in labels:
            apart = [
                abs(one - other) for one, other in zip(got["effects"][label], expected["effects"][label], strict=True)
            ]
            assert max(apart) < 2e-4
        assert [phrase["phrase"] for phrase in got["phrases"]] == [phrase["phrase"] for phrase in expected["phrases"]]
    assert "explanation" not in server.post("/v1/emotions", {"texts": TEXTS}).json["results"][0]


def test_every_word_counts_as_a_text(server: Server) -> None:
    """This server takes 64 texts in a request."""
    assert server.post("/v1/emotions", {"texts": ["so sad"] * 32, "explain": True}).status == 200
    refused = server.post("/v1/emotions", {"texts": ["so sad"] * 33, "explain": True})
    assert refused.status == 413
    assert refused.json["error"].startswith("66 words to explain, each of which is one more text to compute, but")
    assert "64 (--max-texts)" in refused.json["error"]
    assert server.post("/v1/emotions", {"texts": [LONG], "explain": True}).status == 413
    words = " ".join(["sad"] * 64)
    assert server.post("/v1/emotions", {"texts": [words], "explain": True, "long_text": "windows"}).status == 200
    assert server.post("/v1/emotions", {"texts": ["x"], "explain": "yes"}).status == 422
