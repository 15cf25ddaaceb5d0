"""A report as one HTML page that needs nothing from outside, and as Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from goemotions.escaping import for_markdown
from goemotions.evaluation import report_tables as tables
from goemotions.evaluation.formatting import Table, format_interval, format_number
from goemotions.evaluation.ladder import ladder_table
from goemotions.evaluation.report import Report
from goemotions.files import new_file
from goemotions.records import to_json

HEADLINE = {"macro F1": "macro_f1", "micro F1": "micro_f1", "exact match": "exact_match"}
STYLE = """\
:root { color-scheme: light dark; --back: #fff; --fore: #1c2127; --soft: #f3f5f7; --grid: #cfd6dd; --own: #2166ac;
  --second: #b2541a; --dim: #9db7d2; --mark: #9b1c1c; --mark-back: #fdecec; }
@media (prefers-color-scheme: dark) { :root { --back: #14181d; --fore: #e4e8ec; --soft: #1e242b; --grid: #48525c;
  --own: #4189cf; --second: #f0a064; --dim: #41607e; --mark: #ffb4b4; --mark-back: #442023; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 1rem; background: var(--back); color: var(--fore);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; overflow-wrap: anywhere; } h2 { margin-top: 2.5rem; font-size: 1.2rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; padding: 0; }
.figures div { background: var(--soft); border-radius: .5rem; padding: .75rem; }
.figures dt { font-size: .85rem; } .figures dd { margin: 0; font-size: 1.5rem; font-weight: 600; }
.figures small { display: block; font-size: .8rem; font-weight: 400; }
nav ul { columns: 14rem auto; padding: 0; margin: 1.5rem 0; list-style: none; font-size: .9rem; }
nav li { break-inside: avoid; padding: .1rem 0; } a { color: var(--own); }
.mark { background: var(--mark-back); color: var(--mark); border-left: .3rem solid; padding: .6rem .9rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .8rem; }
th, td { padding: .2rem .55rem .2rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid); }
td { font-variant-numeric: tabular-nums; } td:not(.words) { white-space: nowrap; } td.words { min-width: 16rem; }
svg { display: block; width: 100%; height: auto; max-width: 36rem; } .square svg { max-width: 22rem; }
@media (max-width: 34rem) { td.words { min-width: 9rem; } }
.many { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: .5rem; }
.large svg { min-width: 40rem; max-width: 52rem; } footer { margin-top: 3rem; font-size: .85rem; }"""
HEADING = re.compile(r"<h2>(.*?)</h2>")
WORDS = {"why", "model", "text", "true", "given", "must", "must not"}


def page(report: Report) -> str:
    """Return the HTML page."""
    from goemotions.evaluation.plots import draw_all

    drawn = draw_all(report)
    title = f"{report.model.name} on {report.data.name}"
    curves = f'<div class="square">{drawn.calibration}</div>{grid(drawn.reliability)}'
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{report.data.rows:,} texts, {len(report.data.labels)} labels.</p>",
        *(f'<p class="mark">Not an honest figure: {escape(mark)}.</p>' for mark in report.marks),
        headline(report),
        *([html(ladder)] if (ladder := ladder_table(report)) else []),
        html(tables.seen_table(report)),
        html(tables.unreliable_table(report)),
        "<h2>F1 by label</h2>",
        drawn.labels,
        html(tables.label_table(report)),
        html(tables.overall_table(report)),
        html(tables.ranking_table(report)),
        *(html(tables.group_table(report, view)) for view in tables.ROLL_UPS if view in report.figures),
        "<h2>Precision and recall</h2><p>Precision up, recall across, over all thresholds; the dot is at the model's "
        "own (below the line where a stricter one finds as many). * unreliable.</p>",
        grid(drawn.precision_recall),
        html(tables.calibration_table(report), curves),
        "<h2>What is taken for what</h2><p>Of the texts with the label of a row, the share that is given the label of "
        "a column, from none (blank) to all (full colour); a text may have several.</p>",
        wide(drawn.confusion, "What is taken for what", " large"),
        "<h2>What goes together</h2><p>The same of the true labels: so much of the above is no confusion.</p>",
        wide(drawn.together, "What goes together", " large"),
        html(tables.confusion_table(report)),
        "<h2>Effect of the threshold</h2><p>On this very data: a threshold chosen from this picture would be tuned on "
        "what it is measured on. <code>goemotions tune</code> chooses on other data.</p>",
        drawn.threshold,
        html(tables.slice_table(report), drawn.length),
        html(tables.error_table(report, "false_alarms")),
        html(tables.error_table(report, "misses")),
        "<h2>How it was measured</h2><ul>",
        *(f"<li>{escape(line)}</li>" for line in tables.conventions(report)),
        f"</ul><footer>SHA-256 of the data: <code>{report.data.sha256[:16]}</code>…</footer>",
    ]
    return document(title, ["<main>", *with_contents(parts), "</main>"])


def with_contents(parts: Sequence[str]) -> list[str]:
    """Return the parts of a page with a list of their headings, before the first one, that leads to each."""
    titles: list[str] = []

    def numbered(heading: re.Match[str]) -> str:
        titles.append(heading[1])
        return f'<h2 id="part-{len(titles)}">{heading[1]}</h2>'

    marked = [HEADING.sub(numbered, part) for part in parts]
    links = "".join(f'<li><a href="#part-{number}">{title}</a></li>' for number, title in enumerate(titles, start=1))
    first = next((place for place, part in enumerate(marked) if '<h2 id="' in part), len(marked))
    contents = f'<nav aria-label="Contents"><ul>{links}</ul></nav>' if titles else ""
    return [*marked[:first], contents, *marked[first:]]


def document(title: str, parts: Sequence[str], style: str = "") -> str:
    """Return a page that needs nothing from outside; ``parts`` are HTML, the title plain text, ``style`` added."""
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}{style}</style>"
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n' + "\n".join(parts) + "\n</body></html>\n"


def grid(drawings: Sequence[str]) -> str:
    """Return small drawings side by side."""
    return "\n".join(['<div class="many">', *drawings, "</div>"])


def headline(report: Report) -> str:
    """Return the figures to read first, large."""
    figures = report.of_labels
    shown = {title: getattr(figures.own.overall, name) for title, name in HEADLINE.items()}
    shown["mean average precision"] = figures.ranking.overall.macro_average_precision
    shown["calibration error"] = report.calibration.error

    boxes = {title: (format_number(figure.value), format_interval(figure)) for title, figure in shown.items()}
    return f"{figure_boxes(boxes)}<p>At the model's thresholds, with 95 % intervals.</p>"


def figure_boxes(figures: Mapping[str, tuple[str, str]]) -> str:
    """Return large figures by title, each with what stands below it in small letters."""
    boxes = "".join(
        f"<div><dt>{escape(title)}</dt><dd>{escape(figure)}<small>{escape(below)}</small></dd></div>"
        for title, (figure, below) in figures.items()
    )
    return f'<dl class="figures">{boxes}</dl>'


def html(table: Table, before: str = "") -> str:
    """Return a table with its heading and note; ``before`` stands between these and the table."""

    def cell(column: str, value: str) -> str:
        kind = ' class="words"' if column in WORDS else ""
        return f"<td{kind}>{escape(value)}</td>"

    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.header)
    body = "".join(
        "<tr>" + "".join(cell(column, value) for column, value in zip(table.header, row, strict=True)) + "</tr>"
        for row in table.rows
    )
    note = f"<p>{escape(table.note)}</p>" if table.note else ""
    whole = wide(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>", table.title)
    return f"<h2>{escape(table.title)}</h2>{note}{before}{whole if table.rows else ''}"


def wide(content: str, title: str, kind: str = "") -> str:
    """Return what may be wider than a screen, so that it can be moved by touch and by keyboard."""
    return f'<div class="wide{kind}" tabindex="0" role="region" aria-label="{escape(title)}">{content}</div>'


def markdown(report: Report) -> str:
    """Return the report in Markdown, without plots."""
    ladder = ladder_table(report)
    listed = [
        *([ladder] if ladder else []),
        tables.seen_table(report),
        tables.unreliable_table(report),
        tables.overall_table(report),
        tables.ranking_table(report),
        tables.label_table(report),
        *(tables.group_table(report, view) for view in tables.ROLL_UPS if view in report.figures),
        tables.calibration_table(report),
        tables.confusion_table(report),
        tables.slice_table(report),
        tables.error_table(report, "false_alarms"),
        tables.error_table(report, "misses"),
    ]
    name = for_markdown(f"{report.model.name} on {report.data.name}")
    parts = [f"# {name}", f"{report.data.rows:,} texts."]
    parts += [f"**Not an honest figure: {for_markdown(mark)}.**" for mark in report.marks]
    for table in listed:
        parts.append(f"## {table.title}")
        parts += [part for part in (for_markdown(table.note), table.markdown() if table.rows else "") if part]
    parts += ["## How it was measured", "\n".join(f"- {for_markdown(line)}" for line in tables.conventions(report))]
    return "\n\n".join(parts) + "\n"


def json_text(record: object) -> str:
    """Return JSON of dataclasses or what JSON can hold, with a line per figure, and short lists on one."""
    return json.dumps(to_json(record), ensure_ascii=False, separators=(",", ":")).replace('},"', '},\n"') + "\n"


def write(report: Report, stem: Path) -> list[Path]:
    """Write ``<stem>.html``, ``.md`` and ``.json``, each whole or not at all; return their paths."""
    return write_forms(stem, page(report), markdown(report), report)


def write_forms(stem: Path, page: str, markdown: str, record: object) -> list[Path]:
    """Write a page, Markdown and a record beside each other, each whole or not at all; return their paths."""
    written = paths(stem)
    for path, content in zip(written, (page, markdown, json_text(record)), strict=True):
        with new_file(path) as temporary:
            temporary.write_text(content, encoding="utf-8")
    return written


def paths(stem: Path) -> list[Path]:
    """Return where a page, its Markdown and its record stand."""
    return [stem.with_name(stem.name + suffix) for suffix in (".html", ".md", ".json")]
