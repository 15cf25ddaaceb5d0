"""The page ``docs/behaviour.md``, made from the results of ``benchmarks/behaviour.py``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import harness

from goemotions.evaluation.behaviour.cases import Case, read_suite
from goemotions.evaluation.behaviour.forms import CONVENTIONS, grouped, title_of, titled
from goemotions.evaluation.behaviour.judge import BehaviourReport
from goemotions.evaluation.figures import Figure
from goemotions.evaluation.formatting import Markdown, Table
from goemotions.records import from_json

FOLDER = harness.RESULTS / "behaviour"
SYSTEMS = {  # file: title, in the order of the columns
    "compact": Markdown("`compact`"),
    "compact-before": Markdown("`compact`, before"),
    "multilingual": Markdown("`multilingual`"),
    "smollm2": Markdown("`smollm2`"),
    "tfidf": "bag of words",
    "vader": "VADER",
    "nrclex": "NRCLex",
}


@dataclass(frozen=True)
class Result:
    """What is kept of a system; ``about`` says how it was made, or how good it is elsewhere."""

    report: BehaviourReport
    about: Mapping[str, Any]


def results() -> dict[str, Result]:
    """Return what is known of each system that was measured."""
    found = {}
    for name in SYSTEMS:
        path = FOLDER / f"{name}.json"
        if path.exists():
            kept = json.loads(path.read_text(encoding="utf-8"))
            found[name] = Result(from_json(BehaviourReport, kept["report"]), kept["about"])
    return found


def behaviour_page(made: str) -> str:
    """Return the page; ``made`` is the comment that says where it comes from."""
    suite, found = read_suite(), results()
    parts = [
        "# Behaviour",
        made,
        f"{len(suite.cases):,} short cases, written for this project sentence by sentence as people write, frozen "
        "before any training for them, say what a classifier must make of emoji, negation, sarcasm and so on: what "
        "must be among the answers, what must not, or what must not move. `goemotions check MODEL` runs them:",
        "```bash\ngoemotions check compact --output behaviour  # three files with every case that failed\n```",
        "The cases are a table in the package, `src/goemotions/evaluation/behaviour/cases.tsv` (CC0), and no text of "
        "GoEmotions is among them. Their labels are one reading, with every label that a reasonable reader might give; "
        "what they leave open is not judged. They show where a model fails, not how often people will meet that.",
        "\n".join(f"- {line}" for line in CONVENTIONS),
        "## Share of cases passed",
        share_table(found).markdown(),
        "## Sure and wrong, and change",
        "Lexicons have no probabilities.",
        probability_table(found).markdown(),
        "## Systems",
        "\n".join(f"- {line}" for line in about(found)),
        "## A case of each kind",
        example_table(suite.cases).markdown(),
    ]
    return "\n\n".join(parts) + "\n"


def share_table(found: Mapping[str, Result]) -> Table:
    """Return a row per kind, a column per system."""
    columns = [dict(titled(result.report)) for result in found.values()]
    rows = [
        [title, f"{figures.cases:,}", *(percent(column[title].share) for column in columns)]
        for title, figures in columns[0].items()
    ]
    return Table("", ["kind", "cases", *(SYSTEMS[name] for name in found)], rows)


def percent(figure: Figure) -> str:
    """Return a share and its interval in percent: ``61 % (58 to 63)``."""
    value, low, high = (f"{100 * (bound or 0):.0f}" for bound in (figure.value, figure.low, figure.high))
    return f"{value} % ({low} to {high})"


def probability_table(found: Mapping[str, Result]) -> Table:
    """Return what needs probabilities, a column per system."""
    kinds = [result.report.kinds for result in found.values()]
    rows = [
        [f"{title_of(kind)}: sure and wrong, of {kinds[0][kind].cases}"]
        + [shown(figures[kind].sure_and_wrong, 0) for figures in kinds]
        for kind in ("sarcasm", "hearsay")
    ]
    rows += [
        [f"{title_of(kind)}: change", *(shown(figures[kind].change, 3) for figures in kinds)]
        for kind in ("invariance", "exchange")
    ]
    return Table("", ["", *(SYSTEMS[name] for name in found)], rows)


def shown(value: float | None, digits: int) -> str:
    """Return a number, or nothing for None."""
    return "" if value is None else f"{value:.{digits}f}"


def about(found: Mapping[str, Result]) -> Iterator[str]:
    """Yield what each system is that is no shipped model."""
    if "tfidf" in found:
        macro, micro = (found["tfidf"].about[f"{average}_f1"] for average in ("macro", "micro"))
        yield (
            "Bag of words: TF-IDF of one and two neighbouring words or symbols and a logistic regression per label "
            f"(C 3), thresholds from dev; macro F1 {macro:.3f}, micro F1 {micro:.3f} on the official test "
            "(`benchmarks/tfidf.py`)."
        )
    for name, title in (("vader", "vaderSentiment"), ("nrclex", "NRCLex")):
        if name in found:
            known = found[name].about
            yield f"{title} {known['versions'][title]}, by this map to the 28 labels: {known['map']}."
    if "vader" in found or "nrclex" in found:
        yield (
            "A lexicon's answer is a whole group of labels, which meets what must be among the answers more easily "
            "than one label does, and what must not less easily."
        )


def example_table(cases: tuple[Case, ...]) -> Table:
    """Return the first case of each kind."""
    first: dict[str, Case] = {}
    for case in cases:
        first.setdefault(case.kind, case)
    rows = []
    for kind, case in first.items():
        wanted = ", and ".join(" or ".join(grouped(sorted(part))) for part in case.must)
        rows.append(
            [title_of(kind), case.text, wanted if case.other is None else Markdown(f"the same as for: {case.other}")]
        )
    return Table("", ["kind", "text", "must"], rows)
