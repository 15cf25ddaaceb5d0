"""The behavioural report as text for a terminal, as an HTML page, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

from goemotions.evaluation import page
from goemotions.evaluation.behaviour.cases import GROUPS
from goemotions.evaluation.behaviour.judge import SURE, BehaviourReport, KindFigures, Verdict
from goemotions.evaluation.formatting import Table, format_figure, format_interval, format_number
from goemotions.labels import SENTIMENT

TITLES: Final[Mapping[str, str]] = {
    "emoji": "emoji, all three kinds",
    "emoji-alone": "emoji alone",
    "emoji-attached": "emoji attached to a word",
    "emoji-deciding": "emoji that decide",
    "emoticon": "emoticons",
    "negation": "negation, both kinds",
    "negation-simple": "simple negation",
    "negation-double": "double negation",
    "sarcasm": "sarcasm",
    "hearsay": "hearsay, questions and hypotheses",
    "intensity": "weak and strong words",
    "capitals": "capitals",
    "elongation": "lengthened words",
    "typo": "typing errors",
    "slang": "slang",
    "email": "formal e-mail",
    "review": "reviews",
    "ticket": "support tickets",
    "headline": "headlines",
    "two": "two emotions at once",
    "none": "no emotion at all",
    "invariance": "white space, quotes, URLs, user names",
    "exchange": "names, pronouns, dialects, nationalities exchanged",
}
"""Names of kinds and families for readers; one that is not here keeps its own."""
ALL: Final = "all cases"
CONVENTIONS: Final = (
    "A case passes if the answer, at the model's own thresholds, holds a label of each set that must be among the "
    "answers and none that must not. An answer without any label counts as neutral.",
    "A pair passes if both texts get the same labels. “Change” is the largest difference between the two "
    "probabilities of a label, averaged over pairs.",
    f"“Sure and wrong” counts the cases where a label that must not be given has a probability of at least {SURE:g}.",
    "Intervals are Wilson's at 95 %. They say what other cases of the same kind would change, if they were drawn from "
    "the same source.",
)


def title_of(kind: str) -> str:
    """Return a kind's or family's name for readers."""
    return TITLES.get(kind, kind)


def titled(report: BehaviourReport) -> Iterator[tuple[str, KindFigures]]:
    """Yield the figures of every kind with its title, of families before their first kind, of all cases last."""
    seen: set[str] = set()
    for kind, figures in report.kinds.items():
        family = kind.partition("-")[0]
        if family in report.families and family not in seen:
            seen.add(family)
            yield title_of(family), report.families[family]
        yield title_of(kind), figures
    yield ALL, report.overall


def kind_table(report: BehaviourReport) -> Table:
    """Return a row per kind."""
    rows = [kind_row(title, figures) for title, figures in titled(report)]
    return Table("By kind", ["kind", "cases", "passed", "share passed", "sure and wrong", "change"], rows)


def kind_row(title: str, figures: KindFigures) -> list[str]:
    """Return the cells of one kind."""
    sure = "" if figures.sure_and_wrong is None else f"{figures.sure_and_wrong:,}"
    change = "" if figures.change is None else format_number(figures.change)
    return [title, f"{figures.cases:,}", f"{figures.passed:,}", format_figure(figures.share), sure, change]


def failed_table(report: BehaviourReport) -> Table:
    """Return a row per case that did not pass."""
    rows = [
        [verdict.id, shown_text(verdict), demanded(verdict), ", ".join(grouped(verdict.must_not)), given(verdict)]
        for verdict in report.failed
    ]
    return Table("Cases that did not pass", ["case", "text", "must", "must not", "given"], rows)


def shown_text(verdict: Verdict) -> str:
    """Return a case's text, or both of a pair, with line breaks made visible."""
    texts = [verdict.text] if verdict.other is None else [verdict.text, verdict.other]
    return " ⇄ ".join(text.replace("\r", "").replace("\n", "⏎") for text in texts)


def demanded(verdict: Verdict) -> str:
    """Return what had to be among the answers: ``joy or love, and sadness``."""
    if verdict.other is not None:
        return "the same twice"
    return ", and ".join(" or ".join(grouped(part)) for part in verdict.must)


def grouped(labels: Sequence[str]) -> list[str]:
    """Return labels with whole sentiment groups under their names."""
    found, rest = [], set(labels)
    for group in GROUPS:
        if rest.issuperset(SENTIMENT[group]):
            found.append(group)
            rest -= set(SENTIMENT[group])
    return [*found, *(label for label in labels if label in rest)]


def given(verdict: Verdict) -> str:
    """Return what was answered, of a pair twice."""
    answers = [verdict.given] if verdict.given_other is None else [verdict.given, verdict.given_other]
    return " ⇄ ".join(", ".join(answer) or "nothing" for answer in answers)


def headline(report: BehaviourReport) -> dict[str, tuple[str, str]]:
    """Return the figures to read first, by title, each with what stands below it in small letters."""
    shares = {ALL: report.overall, **report.families, **report.kinds}
    found = {}
    for kind in (ALL, "emoji", "negation-simple"):
        if kind in shares:
            share = shares[kind].share
            found[title_of(kind)] = (format_number(share.value), format_interval(share))
    if "sarcasm" in report.kinds:
        figures = report.kinds["sarcasm"]
        found["sarcasm: sure and wrong"] = (str(figures.sure_and_wrong), f"of {figures.cases}")
    if "exchange" in report.kinds:
        figures = report.kinds["exchange"]
        found["exchanges: change"] = (format_number(figures.change), "largest of a label, mean of pairs")
    return found


def summary(report: BehaviourReport) -> str:
    """Return what a terminal shows: a line per kind."""
    table = kind_table(report)
    lines = [f"{report.model} on {report.overall.cases:,} behavioural cases"]
    width = max(len(row[0]) for row in table.rows)
    for line in (table.header, *table.rows):
        kind, cases, passed, share, sure, change = line
        lines.append(f"{kind:<{width}}  {cases:>5}  {passed:>6}  {share:<22}  {sure:>14}  {change:>6}".rstrip())
    return "\n".join(lines)


def html(report: BehaviourReport) -> str:
    """Return the report as an HTML page."""
    title = f"{report.model}: behaviour"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{report.overall.cases:,} short cases, each with what must, must not or may not change in the answer.</p>",
        page.figure_boxes(headline(report)),
        page.html(kind_table(report)),
        page.html(failed_table(report)),
        "<h2>How it was measured</h2><ul>",
        *(f"<li>{escape(line)}</li>" for line in CONVENTIONS),
        f"</ul><footer>SHA-256 of the cases: <code>{report.suite[:16]}</code>…</footer>",
    ]
    return page.document(title, parts)


def markdown(report: BehaviourReport) -> str:
    """Return the report as Markdown."""
    parts = [f"# {report.model}: behaviour", f"{report.overall.cases:,} cases."]
    for table in (kind_table(report), failed_table(report)):
        parts += [f"## {table.title}", table.markdown()]
    parts += ["## How it was measured", "\n".join(f"- {line}" for line in CONVENTIONS)]
    return "\n\n".join(parts) + "\n"


def write(report: BehaviourReport, stem: Path) -> list[Path]:
    """Write ``<stem>.html``, ``.md`` and ``.json``, each whole or not at all; return their paths."""
    return page.write_forms(stem, html(report), markdown(report), report)
