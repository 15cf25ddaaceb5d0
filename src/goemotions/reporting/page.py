"""The page of a report: one file that needs nothing from outside, for a screen, a phone and paper."""

from __future__ import annotations

from html import escape

from goemotions.errors import counted
from goemotions.estimation.changes import Change
from goemotions.estimation.results import Estimates, Share
from goemotions.estimation.sentences import between, percent, sentences
from goemotions.evaluation.page import document, figure_boxes
from goemotions.periods import positions
from goemotions.reporting.charts import (
    GROUP_MARKS,
    Mark,
    chart_table,
    common_top,
    interval_row,
    legend,
    scale_top,
    shade,
    time_line,
)
from goemotions.reporting.headline import headline
from goemotions.reporting.method import languages_section, method_section
from goemotions.reporting.report import CorpusReport
from goemotions.reporting.style import STYLE
from goemotions.reporting.texts import emotion_sections

MOST_PAIRS, MOST_LABELS = 12, 12
VIEWS = {"ekman": "In Ekman's six emotions", "sentiment": "In sentiments"}


def report_page(report: CorpusReport) -> str:
    """Return the HTML page."""
    title = f"What {report.source.file} feels"
    sections = [
        ("In short", "short", short(report)),
        ("How frequent each emotion is", "shares", shares_section(report)),
        ("Over time", "time", time_section(report)),
        ("Groups side by side", "groups", groups_section(report)),
        ("What goes with what", "pairs", pairs_section(report)),
        ("Emotion by emotion", "emotions", emotion_sections(report)),
        ("Languages", "languages", languages_section(report)),
        ("How this was made", "method", method_section(report)),
    ]
    there = [section for section in sections if section[2]]
    links = "".join(f'<li><a href="#{name}">{escape(heading)}</a></li>' for heading, name, _ in there)
    body = "".join(
        f'<section id="{name}" aria-labelledby="{name}-h"><h2 id="{name}-h">{escape(heading)}</h2>{content}</section>'
        for heading, name, content in there
    )
    parts = [
        '<a class="skip" href="#main">Skip to the contents</a>',
        f"<header><h1>{escape(title)}</h1>{subtitle(report)}</header>",
        f'<nav aria-label="Contents"><ol>{links}</ol></nav><main id="main">{body}</main>',
    ]
    return document(title, parts, STYLE)


def subtitle(report: CorpusReport) -> str:
    """Return how many texts there are, of what time, and what people say of them."""
    main = report.main
    _, periods = cells_of(main)
    when = f", {periods[0]} to {periods[-1]}" if periods else ""
    people = f"{main.labelled:,} of them labelled by people" if main.labelled else "none of them labelled by people"
    return f"<p>{counted(main.rows, 'text')}{escape(when)}; {people}.</p>"


def short(report: CorpusReport) -> str:
    """Return the report in some sentences, and the figures to read first."""
    overall = sorted(report.main.overall().values(), key=lambda share: -(share.share or 0))
    boxes = {share.label: (percent(share.share), between(share)) for share in overall[:5]}
    told = "".join(f"<li>{escape(line)}</li>" for line in headline(report))
    notes = "".join(f'<p class="mark">{escape(sentence_case(note))}.</p>' for note in report.main.notes())
    return f"<ul class='told'>{told}</ul>{figure_boxes(boxes)}{notes}"


def shares_section(report: CorpusReport) -> str:
    """Return the shares of all labels, and of the groups of labels."""
    parts = ["<p>The share of texts with each emotion, with its 95 % interval. A text may have several, or none.</p>"]
    parts.append(share_chart(report.main, "All emotions"))
    parts += [share_chart(report.estimates[name], title) for name, title in VIEWS.items() if name in report.estimates]
    return "".join(parts)


def share_chart(estimates: Estimates, title: str) -> str:
    """Return the shares in all texts as a chart, the most frequent first."""
    shares = sorted(estimates.overall().values(), key=lambda share: -(share.share or 0))
    top = common_top([share.high for share in shares])
    rows = "".join(
        f'<tr><th scope="row">{escape(share.label)}</th><td class="chart">{interval_row([mark(share)], top)}</td>'
        f"<td>{percent(share.share)}</td><td class='soft'>{between(share)}</td></tr>"
        for share in shares
    )
    return chart_table(title, ("emotion", f"from 0 to {100 * top:g} %", "share", "95 % interval"), rows)


def time_section(report: CorpusReport) -> str:
    """Return a small chart per emotion, all on one scale, those that change first; empty without three times."""
    main = report.main
    _, periods = cells_of(main)
    trends = {change.label: change for change in main.changes if change.kind == "trend" and change.group is None}
    if len(periods) < 2:
        return ""
    by_label = {
        label: [share for share in main.shares if share.group is None and share.period] for label in main.labels
    }
    series = {
        label: sorted((share for share in shares if share.label == label), key=lambda share: share.period or "")
        for label, shares in by_label.items()
    }
    overall = main.overall()
    order = sorted(
        series, key=lambda label: (not (label in trends and trends[label].found), -(overall[label].share or 0))
    )
    top = common_top([max(share.high for share in shares) for shares in series.values()])
    places = positions(periods)
    figures = []
    for label in order:
        shares = series[label]
        highest = max(share.high for share in shares)
        own = top if highest <= top else scale_top(highest)
        drawn = time_line(
            [mark(share) for share in shares], places, own, (periods[0], periods[-1]), is_found(trends, label)
        )
        told = trend_words(trends.get(label), report.period)
        figures.append(f"<figure><figcaption><b>{escape(label)}</b> {told}</figcaption>{drawn}</figure>")
    lines = "".join(f"<li>{escape(line)}</li>" for line in sentences([*trends.values()], report.period))
    return (
        f"<ul>{lines}</ul><p>The share of texts in each {escape(report.period)}, with the band of its 95 % intervals. "
        "All charts have one scale, but for an emotion too frequent for it. What is marked is more than chance.</p>"
        f'<div class="times">{"".join(figures)}</div>'
    )


def is_found(trends: dict[str, Change], label: str) -> bool:
    return label in trends and trends[label].found


def trend_words(change: Change | None, period: str) -> str:
    """Return a trend in a few words."""
    if change is None or not change.found:
        return ""
    arrow, way = ("▲", "rises") if change.change > 0 else ("▼", "falls")
    points = f"{100 * abs(change.change):.2f} points a {period}"
    return f'<span class="found"><span aria-hidden="true">{arrow}</span> {way} {escape(points)}</span>'


def groups_section(report: CorpusReport) -> str:
    """Return the shares of groups beside each other, with the differences that were found; empty without groups."""
    main = report.main
    groups, _ = cells_of(main)
    if len(groups) < 2 or report.by is None:
        return ""
    sizes = {share.group: share.rows for share in main.shares if share.group and share.period is None}
    shown = sorted(groups, key=lambda group: -sizes[group])[: len(GROUP_MARKS)]
    shares = {(share.label, share.group): share for share in main.shares if share.group and share.period is None}
    overall = main.overall()
    found = {(change.label, change.group): change for change in main.changes if change.kind == "difference"}
    order = sorted(
        main.labels,
        key=lambda label: (not any(is_different(found, label, group) for group in shown), -(overall[label].share or 0)),
    )
    top = common_top([max(shares[label, group].high for group in shown) for label in order])
    rows: list[str] = []
    for label in order:
        here = [shares[label, group] for group in shown]
        marks = [mark(share, kind) for kind, share in enumerate(here)]
        figures = "<br>".join(f"{percent(share.share)} <span class='soft'>{between(share)}</span>" for share in here)
        told = "<br>".join(difference_words(found.get((label, group))) or "&nbsp;" for group in shown)
        rows.append(
            f'<tr><th scope="row">{escape(label)}</th><td class="chart">{interval_row(marks, top)}</td>'
            f"<td>{figures}</td><td>{told}</td></tr>"
        )
    lines = sentences([change for change in main.changes if change.kind == "difference"], report.period)
    told = "".join(f"<li>{escape(line)}</li>" for line in lines)
    rest = (
        f"<p>The {len(shown)} largest of {len(groups)} groups; the CSV has all.</p>" if len(groups) > len(shown) else ""
    )
    header = ("emotion", f"from 0 to {100 * top:g} %", "share and 95 % interval", "beside all other texts")
    names = [f"{group} ({counted(sizes[group], 'text')})" for group in shown]
    first = max(MOST_LABELS, sum(any(is_different(found, label, group) for group in shown) for label in order))
    charts = chart_table(f"By {report.by}", header, "".join(rows[:first]))
    if rows[first:]:
        others = chart_table("Less frequent emotions", header, "".join(rows[first:]))
        charts += f"<details><summary>{counted(len(rows) - first, 'less frequent emotion')}</summary>{others}</details>"
    return f"<ul>{told}</ul>{rest}{legend(names)}{charts}"


def is_different(found: dict[tuple[str, str | None], Change], label: str, group: str) -> bool:
    return (label, group) in found and found[label, group].found


def difference_words(change: Change | None) -> str:
    """Return a difference in a few words; empty where none was found."""
    if change is None or not change.found:
        return ""
    arrow, way = ("▲", "more") if change.change > 0 else ("▼", "less")
    points = f"{100 * abs(change.change):.1f} points {way}"
    return f'<span class="found"><span aria-hidden="true">{arrow}</span> {escape(points)}</span>'


def pairs_section(report: CorpusReport) -> str:
    """Return the pairs of emotions that are given together most."""
    pairs = report.pairs[:MOST_PAIRS]
    if not pairs:
        return ""
    most = max(pair.lift for pair in pairs)
    rows = "".join(
        f'<tr><th scope="row">{escape(pair.first)} and {escape(pair.second)}</th>'
        f'<td class="chart">{shade(pair.lift, most)}</td><td>{pair.lift:.1f}</td><td>{pair.texts:,}</td></tr>'
        for pair in pairs
    )
    header = ("pair", "", "times as often as by chance", "texts")
    text = "<p>Emotions that the model gives to one text together, more often than chance would.</p>"
    return f"{text}{chart_table('Pairs', header, rows)}"


def cells_of(estimates: Estimates) -> tuple[list[str], list[str]]:
    """Return the groups and the periods, sorted."""
    groups = {share.group for share in estimates.shares if share.group is not None}
    periods = {share.period for share in estimates.shares if share.period is not None}
    return sorted(groups), sorted(periods)


def mark(share: Share, kind: int = 0) -> Mark:
    """Return a share as a mark in a chart."""
    return Mark(share.share, share.low, share.high, kind)


def sentence_case(line: str) -> str:
    """Return a line with a capital at its beginning."""
    return line[:1].upper() + line[1:]
