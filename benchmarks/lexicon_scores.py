"""What lexicons say of texts: reads a JSON list of texts on stdin, writes their scores as JSON on stdout.

Its arguments are the lexicons, ``vader`` and ``nrclex``. It needs only them, in an environment of their own:
``benchmarks/lexicons.py`` runs it.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from typing import Any

PACKAGES = {"vader": "vaderSentiment", "nrclex": "NRCLex"}
TIMED = 2000
"""Texts whose time is taken."""


def vader() -> Callable[[str], Any]:
    analyzer = import_module("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()
    return lambda text: analyzer.polarity_scores(text)["compound"]


def nrclex() -> Callable[[str], Any]:
    nrc = import_module("nrclex").NRCLex()

    def score(text: str) -> Any:
        # load_raw_text would need NLTK's corpora, which are downloaded; it would also reduce nouns to the singular.
        nrc.load_token_list(re.findall(r"[a-z']+", text.lower().replace("\u2019", "'")))
        return nrc.raw_emotion_scores

    return score


def main() -> None:
    texts = json.load(sys.stdin)
    found: dict[str, Any] = {"versions": {}, "seconds_per_text": {}}
    for name in sys.argv[1:]:
        score = {"vader": vader, "nrclex": nrclex}[name]()
        timed = texts[:TIMED]
        score(timed[0])
        start = time.process_time()
        for text in timed:
            score(text)
        found["seconds_per_text"][name] = (time.process_time() - start) / len(timed)
        found["versions"][PACKAGES[name]] = version(PACKAGES[name])
        found[name] = [score(text) for text in texts]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
