"""The three shapes as their clients meet them, over a real connection."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import USE_HEAD
from huggingface_hub import InferenceClient
from running import Server, serving
from server_texts import LONG

from goemotions import LABELS, EmotionClassifier

TEXTS = ["Thank you so much!", "What a mess, I'm furious.", "", "😀\x00 ünï \u2028", "I hate pineapples"]


def scores(ranked: list[dict[str, Any]]) -> dict[str, float]:
    assert [set(item) for item in ranked] == [{"label", "score"}] * len(ranked)
    assert [item["score"] for item in ranked] == sorted((item["score"] for item in ranked), reverse=True)
    return {item["label"]: item["score"] for item in ranked}


def test_hugging_faces_client(server: Server, classifier: EmotionClassifier) -> None:
    client = InferenceClient(model=f"{server.url}/")
    for text in TEXTS:
        found = client.text_classification(text)
        expected = classifier.predict([text], threshold=0)[0]
        assert {item.label: item.score for item in found} == pytest.approx(expected, abs=1.1e-4)
        assert [item.label for item in found[:1]] == list(expected)[:1]
    assert len(client.text_classification("Thank you!", top_k=3)) == 3
    logit = client.text_classification("Thank you!", function_to_apply="none", top_k=1)[0]
    assert logit.score == pytest.approx(classifier.score(["Thank you!"]).logits.max(), abs=1e-3)


def test_hugging_faces_shape(server: Server, classifier: EmotionClassifier) -> None:
    one = server.post("/", {"inputs": TEXTS[0], "options": {"use_cache": False, "wait_for_model": True}}).json
    assert len(one) == 1
    assert scores(one[0]).keys() == set(LABELS)
    several = server.post("/", {"inputs": TEXTS, "parameters": {"threshold": 0.3, "top_k": 2}}).json
    for ranked, expected in zip(several, classifier.predict(TEXTS, threshold=0.3, top_k=2), strict=True):
        assert scores(ranked) == pytest.approx(expected, abs=1.1e-4)
    logits = server.post("/", {"inputs": TEXTS, "parameters": {"threshold": 0.3, "function_to_apply": "none"}}).json
    assert [item["label"] for item in logits[0]] == list(classifier.predict(TEXTS, threshold=0.3)[0])
    assert server.post("/", {"inputs": []}).json == []


def test_teis_documented_requests(server: Server, classifier: EmotionClassifier) -> None:
    flat = server.post("/predict", {"inputs": "I like you."}).json
    assert scores(flat) == pytest.approx(classifier.predict(["I like you."], threshold=0)[0], abs=1.1e-4)
    batch = server.post("/predict", {"inputs": [["I like you."], ["I hate pineapples"]], "truncate": True}).json
    for ranked, expected in zip(batch, classifier.predict(["I like you.", "I hate pineapples"], 0), strict=True):
        assert scores(ranked) == pytest.approx(expected, abs=1.1e-4)
    assert server.post("/predict", {"inputs": ["I like you.", "I hate pineapples"]}).json == batch
    raw = server.post("/predict", {"inputs": "I like you.", "raw_scores": True}).json
    logits = classifier.score(["I like you."]).logits[0]
    assert scores(raw) == pytest.approx(dict(zip(LABELS, logits.tolist(), strict=True)), abs=1e-3)


def test_tei_refuses_to_cut_unless_told(server: Server) -> None:
    refused = server.post("/predict", {"inputs": ["short", LONG]})
    assert refused.status == 422
    assert "at most 128 tokens, text 1 has more" in refused.json["error"]
    assert '"truncate": true' in refused.json["error"]
    assert server.post("/predict", {"inputs": LONG, "truncate": True}).status == 200


def test_info_is_teis_and_more(server: Server, classifier: EmotionClassifier) -> None:
    info = server.get("/info").json
    assert info["model_type"]["classifier"]["id2label"] == {str(i): label for i, label in enumerate(LABELS)}
    assert info["max_input_length"] == 128
    assert info["max_client_batch_size"] == 64
    assert info["thresholds"] == classifier.thresholds
    assert info["unreliable_labels"] == classifier.unreliable_labels


def test_emotions(server: Server, classifier: EmotionClassifier) -> None:
    found = server.post("/v1/emotions", {"texts": [*TEXTS, LONG]}).json["results"]
    for result, expected in zip(found, classifier.predict(TEXTS), strict=False):
        assert scores(result["emotions"]) == pytest.approx(expected, abs=1.1e-4)
    assert [result["truncated"] for result in found] == [False] * len(TEXTS) + [True]
    asked = {"texts": TEXTS, "threshold": {"grief": 0, "joy": 0}, "reliable_only": True, "top_k": 5}
    for result, expected in zip(
        server.post("/v1/emotions", asked).json["results"],
        classifier.predict(TEXTS, threshold={"grief": 0, "joy": 0}, reliable_only=True, top_k=5),
        strict=True,
    ):
        assert scores(result["emotions"]) == pytest.approx(expected, abs=1.1e-4)
        assert "grief" not in scores(result["emotions"])
    read = server.post("/v1/emotions", {"texts": [LONG], "long_text": "windows"}).json["results"][0]
    assert "gratitude" in scores(read["emotions"])
    assert not read["truncated"]


@pytest.mark.parametrize("blank", ["", " \n\t", "\u3000"])
def test_a_blank_text_has_no_emotions_at_any_door(server: Server, classifier: EmotionClassifier, blank: str) -> None:
    """Fault 5: it was ``neutral`` at some, and nothing at others."""
    assert classifier.predict([blank], threshold=0) == [{}]
    assert server.post("/", {"inputs": blank}).json == [[]]
    assert server.post("/", {"inputs": [blank], "parameters": {"function_to_apply": "none"}}).json == [[]]
    assert server.post("/predict", {"inputs": blank}).json == []
    assert server.post("/predict", {"inputs": [blank], "raw_scores": True}).json == [[]]
    found = server.post("/v1/emotions", {"texts": [blank], "threshold": 0}).json["results"]
    assert found == [{"emotions": [], "truncated": False, "html_entities": False}]


def test_texts_with_html_entities_are_marked(server: Server) -> None:
    """The command line counted them; clients of a server never knew."""
    texts = ["I&#39;m so happy", "fish & chips; AT&T;", ""]
    found = server.post("/v1/emotions", {"texts": texts}).json["results"]
    assert [result["html_entities"] for result in found] == [True, False, False]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/", {"inputs": "a", "parameters": {"return_all_scores": True}}, "parameters.return_all_scores: unknown"),
        ("/", {"inputs": "a", "top_k": 1}, "top_k: unknown parameter"),
        ("/", {"inputs": "a", "options": {"cache": True}}, "options.cache: unknown parameter"),
        ("/", {"inputs": "a", "parameters": {"function_to_apply": "softmax"}}, "'sigmoid' or 'none'"),
        ("/", {"inputs": "a", "parameters": {"top_k": 0}}, "parameters.top_k: input should be greater than or equal"),
        ("/", {"inputs": ["a", None]}, "inputs[1]: input should be a valid string"),
        ("/", {}, "inputs: required"),
        ("/", [], "the body: input should be"),
        ("/", b'{"inputs": ', "not valid JSON"),
        ("/predict", {"inputs": "a", "truncation_direction": "Left"}, "truncation_direction: unknown parameter"),
        ("/predict", {"inputs": [["a", "b"]]}, "a pair of texts is not read as one"),
        ("/v1/emotions", {"texts": "a"}, "texts: input should be a valid array"),
        ("/v1/emotions", {"texts": ["a"], "threshold": 1.5}, "threshold: input should be less than or equal to 1"),
        ("/v1/emotions", {"texts": ["a"], "threshold": {"greif": 0.5}}, "did you mean 'grief'"),
        ("/v1/emotions", {"texts": ["a"], "long_text": "split"}, "'cut' or 'windows'"),
        ("/v1/emotions", {"texts": ["a"], "reliable_only": "yes"}, "reliable_only: input should be a valid boolean"),
    ],
)
def test_mistakes(server: Server, path: str, body: object, said: str) -> None:
    answer = server.post(path, body)
    assert answer.status == 422
    assert said in answer.json["error"]
    assert answer.json["error_type"] == "Validation"


@pytest.mark.parametrize(
    ("texts", "limit"),
    [(["a"] * 65, "64 (--max-texts)"), (["fine", "a" * 20_001], "20000 (--max-chars)"), (["a" * 3000] * 64, "")],
)
def test_limits_name_themselves_and_their_option(server: Server, texts: list[str], limit: str) -> None:
    answer = server.post("/v1/emotions", {"texts": texts})
    assert answer.status == (413 if limit else 200)
    assert limit in answer.body.decode()


def test_a_large_body(server: Server) -> None:
    answer = server.post("/v1/emotions", {"texts": ["a" * 19_000] * 12})
    assert answer.status == 413
    assert "200000 bytes (--max-body)" in answer.json["error"]


def test_other_kinds_of_content_and_other_paths(server: Server) -> None:
    assert server.ask("/", b'{"inputs": "a"}', {"Content-Type": "text/plain"}).status == 415
    assert server.get("/nothing").status == 404
    assert server.get("/predict").status == 405
    assert server.ask("/predict", None, method="HEAD").status == 405
    assert server.post("/", b'{"inputs": "\xff"}').status in (400, 422)


@pytest.mark.parametrize("path", ["/", "/health", "/ready", "/info", "/docs", "/openapi.json", "/static/page.js"])
def test_head_is_get_without_content(server: Server, path: str) -> None:
    get, head = server.get(path), server.ask(path, None, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.body))
    assert head.headers["content-type"] == get.headers["content-type"]


def test_probes_and_metrics(server: Server) -> None:
    assert server.get("/health").json == {"status": "ok"}
    assert server.get("/ready").json == {"status": "ready"}
    server.post("/", {"inputs": ["one", "two"]})
    figures = server.get("/metrics").body.decode()
    assert 'goemotions_requests_total{path="/",status="200"}' in figures
    assert "goemotions_waiting_texts 0.0" in figures
    assert "/nothing" not in figures


def test_every_answer_has_the_security_headers(server: Server) -> None:
    for path in ("/", "/docs", "/health", "/nothing", "/static/page.js"):
        headers = server.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "Access-Control-Allow-Origin" not in headers
        assert "Server" not in headers


def test_another_architecture() -> None:
    """An encoder and a network instead of one graph: other units in the queue, no limit in tokens."""
    classifier = EmotionClassifier(USE_HEAD)
    with serving(str(USE_HEAD)) as running:
        assert running.get("/info").json["max_input_length"] is None
        found = running.post("/v1/emotions", {"texts": [*TEXTS, LONG] * 4, "long_text": "windows"}).json["results"]
    for result, expected in zip(found, classifier.predict([*TEXTS, LONG] * 4, long_text="windows"), strict=True):
        assert scores(result["emotions"]) == pytest.approx(expected, abs=1.1e-4)


@pytest.mark.parametrize("half", [r"\ud800", r"\udc00", r"\ud83d\ud83d", "\ud800"])
@pytest.mark.parametrize(
    "body", ['{"texts": ["%s half"]}', '{"texts": ["a"], "%s": 1}', '{"texts": [], "threshold": {"%s": 0}}']
)
def test_half_a_surrogate_pair_is_no_text(server: Server, body: str, half: str) -> None:
    """Fault 17: it is no character, so that no tokeniser takes it."""
    answer = server.post("/v1/emotions", (body % half).encode("utf-8", "surrogatepass"))
    assert (answer.status, answer.json["error"]) == (422, "the body is not valid JSON")
