"""What two lexicons say of texts: reads a JSON list of texts on stdin, writes their scores as JSON on stdout.

It needs only ``vaderSentiment`` and ``NRCLex``, in an environment of their own: ``benchmarks/behaviour.py`` runs it.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import version


def main() -> None:
    from nrclex import NRCLex
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    texts = json.load(sys.stdin)
    vader, nrc = SentimentIntensityAnalyzer(), NRCLex()
    counts = []
    for text in texts:
        # load_raw_text would need NLTK's corpora, which are downloaded; it would also reduce nouns to the singular.
        nrc.load_token_list(re.findall(r"[a-z']+", text.lower().replace("\u2019", "'")))
        counts.append(nrc.raw_emotion_scores)
    scores = {
        "versions": {name: version(name) for name in ("vaderSentiment", "NRCLex")},
        "vader": [vader.polarity_scores(text)["compound"] for text in texts],
        "nrclex": counts,
    }
    json.dump(scores, sys.stdout)


if __name__ == "__main__":
    main()
