"""Bodies of every kind: each has its answer, and none is a defect of the server."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from running import Server, serving

from goemotions import LABELS

TEXT = st.text(st.characters(), max_size=30)
"""Any code points, halves of surrogate pairs too."""

SCALAR = st.one_of(st.none(), st.booleans(), st.integers(-2, 40), st.integers(), st.floats(), TEXT)
VALUE = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
)
TEXTS = st.one_of(TEXT, st.lists(TEXT, max_size=4), st.lists(st.lists(TEXT, max_size=2), max_size=3), VALUE)
PROBABILITY = st.one_of(st.floats(0, 1), st.dictionaries(st.sampled_from(LABELS), st.floats(-0.1, 1.1)), VALUE)
COUNT = st.one_of(st.integers(1, 30), st.floats(1, 30), VALUE)
FLAG = st.one_of(st.booleans(), VALUE)


def some_of(**keys: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Objects with some of these keys, and at times one that nobody knows."""
    known = st.fixed_dictionaries({}, optional=keys)
    return st.one_of(known, known, st.builds(lambda found, name, value: {**found, name: value}, known, TEXT, VALUE))


REQUESTS = {
    "/": some_of(
        inputs=TEXTS,
        parameters=st.one_of(
            some_of(top_k=COUNT, threshold=PROBABILITY, function_to_apply=st.sampled_from(["sigmoid", "none", "x"])),
            VALUE,
        ),
        options=st.one_of(some_of(use_cache=FLAG, wait_for_model=FLAG), VALUE),
    ),
    "/predict": some_of(inputs=TEXTS, truncate=FLAG, raw_scores=FLAG),
    "/v1/emotions": some_of(
        texts=TEXTS,
        threshold=PROBABILITY,
        top_k=COUNT,
        reliable_only=FLAG,
        long_text=st.one_of(st.sampled_from(["cut", "windows"]), VALUE),
    ),
}
OBJECT = st.one_of(*(st.tuples(st.just(path), body) for path, body in REQUESTS.items()))
WRITTEN = OBJECT.map(lambda made: (made[0], json.dumps(made[1]).encode()))
BROKEN = st.one_of(
    st.tuples(st.sampled_from(sorted(REQUESTS)), st.binary(max_size=60)),
    st.builds(lambda made, end: (made[0], made[1][: -end % (len(made[1]) + 1)]), WRITTEN, st.integers(0, 200)),
    st.builds(
        lambda made, place, byte: (made[0], made[1][: place % len(made[1])] + byte + made[1][place % len(made[1]) :]),
        WRITTEN,
        st.integers(0, 500),
        st.binary(min_size=1, max_size=2),
    ),
)
STATUSES = {200, 400, 413, 422}


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Server]:
    with serving("--threads", 1) as running:
        yield running
        assert running.process.poll() is None
        assert "Error" not in running.log()


@pytest.mark.parametrize("cases", [400, pytest.param(20_000, marks=pytest.mark.slow)])
def test_any_body_has_its_answer(fuzzed: Server, cases: int) -> None:
    """Fault 23: requests as they should be, with anything in the place of anything, cut off, or no JSON at all."""
    connection = http.client.HTTPConnection(urlsplit(fuzzed.url).netloc, timeout=30)

    @settings(max_examples=cases, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.one_of(WRITTEN, WRITTEN, BROKEN))
    def answered(request: tuple[str, bytes]) -> None:
        path, body = request
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        found = json.loads(answer.read())
        assert answer.status in STATUSES, (path, body)
        if answer.status == 200:
            assert isinstance(found["results"] if path == "/v1/emotions" else found, list)
        else:
            assert set(found) == {"error", "error_type"}
            assert 0 < len(found["error"]) < 5000

    answered()
    connection.close()
    assert fuzzed.get("/ready").status == 200
