"""The parts of a report about the texts' languages, and about how it was made: to cite it, and to make it again."""

from __future__ import annotations

from html import escape

from goemotions.errors import counted
from goemotions.languages import NAMES, UNKNOWN
from goemotions.reporting.charts import chart_table, shade
from goemotions.reporting.report import CorpusReport

MOST_LANGUAGES, LEAST_SHARE = 8, 0.001
"""Languages that are shown, and of what share of the texts: of English ones, some in a thousand are mistaken."""


def languages_section(report: CorpusReport) -> str:
    """Return the languages that the texts are in, and what the model does not read; empty where they are not known."""
    counts, reads = report.languages, report.source.reads
    if not counts:
        return ""
    texts = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    shown = [(tag, count) for tag, count in ordered if count >= LEAST_SHARE * texts][:MOST_LANGUAGES]
    rows = "".join(
        f'<tr><th scope="row">{escape(NAMES.get(tag, tag))}</th><td class="chart">{shade(count, ordered[0][1])}</td>'
        f"<td>{count:,}</td><td>{100 * count / texts:.1f} %</td><td>{read_or_not(tag, tag in reads)}</td></tr>"
        for tag, count in shown
    )
    rest = texts - sum(count for _, count in shown)
    more = (
        f"<p>{counted(rest, 'text seems', 'texts seem')} to be in {len(ordered) - len(shown)} rarer ones.</p>"
        if rest
        else ""
    )
    note = f'<p class="mark">{escape(report.unread)}.</p>' if report.unread else ""
    told = f"<p>The language of each text as far as its words tell it; {escape(report.source.model)} reads "
    told += f"{escape(', '.join(NAMES.get(tag, tag) for tag in reads))}. Of English texts some in a thousand are "
    told += "taken for another language.</p>"
    return f"{told}{note}{chart_table('Languages', ('language', '', 'texts', 'share', 'the model'), rows)}{more}"


def read_or_not(tag: str, read: bool) -> str:
    """Return what a model does with texts in a language."""
    return "" if tag == UNKNOWN else "reads it" if read else "<span class='found'>does not read it</span>"


def method_section(report: CorpusReport) -> str:
    """Return how it was estimated, and how to make it again and cite it."""
    source, main = report.source, report.main
    by_people = (
        f"Shares are estimated by prediction-powered inference: {main.labelled:,} texts of {source.labelled} that "
        "people labelled, and the model's probabilities for all (Angelopoulos et al., 2023; PPI++). Their intervals "
        "hold where the model is wrong, if these texts were drawn by chance."
    )
    by_model = "Shares are the means of the model's probabilities; no text was labelled by people."
    explained = sum(driven.explained for driven in report.driven.values())
    lines = [
        by_people if main.labelled else by_model,
        "Changes are called found with 5 % of false discoveries over all labels (Benjamini and Hochberg).",
        "Words that tell an emotion are those with the highest log odds in texts with it, with all texts as prior "
        "(Monroe et al., 2008); of a group, those of its texts with the emotion beside other groups' texts with it.",
        f"Words that drive an emotion are known from {counted(explained, 'text')}, drawn by chance from those that are "
        "given each: the model was asked again without each word, and the log odds that this costs were added up.",
        "A word is shown if five texts or more have it.",
        f"Texts: {source.file}{digest_words(source.sha256)}.",
        f"Model: {source.model}, SHA-256 {source.fingerprint}; goemotions {source.version}.",
        "An emotion is what a reader would find in the words of a text; it is not what its writer feels, and says "
        "nothing of a person.",
    ]
    if main.truncated:
        lines.append(f"Of {counted(main.truncated, 'long text')} the model read the beginning.")
    listed = "".join(f"<li>{escape(line)}</li>" for line in lines)
    cite = f"goemotions {source.version} (2026), model {source.model}; data set: Demszky et al., GoEmotions, ACL 2020."
    command = (
        f"<p>Made by, and made again from the same texts by</p><pre><code>pip install goemotions=={source.version}\n"
        f"{escape(source.command)}</code></pre>"
        if source.command
        else ""
    )
    return f"<ul>{listed}</ul>{command}<p>Cite as: {escape(cite)}</p>"


def digest_words(digest: str) -> str:
    """Return the checksum of a file in words; nothing where there is none."""
    return f", SHA-256 {digest}" if digest else ""
