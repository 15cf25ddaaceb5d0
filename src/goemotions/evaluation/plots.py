"""The plots of a report, as SVG text to put into a page.

They are drawn in stand-in colours that become the page's own (``currentColor`` and CSS variables), so that one drawing
is read in a light and in a dark page; text stays text.
"""

from __future__ import annotations

import io
import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from goemotions.escaping import PLAIN_TEXT
from goemotions.evaluation.figures import CurvePoint
from goemotions.evaluation.report import Report

SHADES = 50
INK, GRID, OWN, SECOND, DIM = "#010101", "#020202", "#030303", "#040404", "#050505"
CSS = {INK: "currentColor", GRID: "var(--grid)", OWN: "var(--own)", SECOND: "var(--second)", DIM: "var(--dim)"}
STYLE: Any = {
    **PLAIN_TEXT,
    "svg.fonttype": "none",
    "svg.hashsalt": "goemotions",  # equal plots are equal files
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "legend.frameon": False,
}


TAG = re.compile(r"<[^>]*>")
"""In what Matplotlib writes: it escapes the sign within attributes and texts."""


class Plots:
    """Draw plots; each one's ids are its own, since many stand in one page."""

    def __init__(self) -> None:
        self._count = 0

    def svg(self, figure: Figure, description: str) -> str:
        """Return the figure as an ``<svg>`` element with a text alternative."""
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
        found = buffer.getvalue()
        found = found[found.index("<svg") :]
        self._count += 1
        found = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>", "", found, flags=re.DOTALL)
        found = smaller(TAG.sub(lambda tag: self._restyled(tag[0]), found))
        return found.replace("<svg ", f'<svg role="img" aria-label="{escape(description)}" ', 1)

    def _restyled(self, tag: str) -> str:
        """Return a tag with the page's own colours and font, and this plot's ids."""
        tag = re.sub(r'( id="|#)', rf"\g<1>p{self._count}-", protect(tag))
        for stand_in, css in CSS.items():
            tag = tag.replace(protected(stand_in), css)
        tag = re.sub(r' width="[\d.]+pt" height="[\d.]+pt"', "", tag)
        tag = re.sub(r"font-family: [^;\"]*;? ?", "", tag)
        return re.sub(r"(\d\.\d\d)\d+", r"\1", tag)  # of a point: finer is not seen


def protected(colour: str) -> str:
    return colour.replace("#", "COLOUR")


def protect(text: str) -> str:
    """Keep colours out of the way while ids change: both begin with #."""
    return re.sub(r"#(?=[0-9a-f]{6}\b)", "COLOUR", text)


def smaller(svg: str) -> str:
    """Return the same drawing without ids that nothing refers to, empty shapes and most white space."""
    used = {name for tag in TAG.findall(svg) for name in re.findall(r"#([\w.-]+)", tag)}

    def without_spare_id(tag: str) -> str:
        return re.sub(r' id="([\w.-]+)"', lambda found: found[0] if found[1] in used else "", tag)

    svg = TAG.sub(lambda tag: without_spare_id(tag[0]), svg)
    svg = re.sub(r'<path d="[^"]*" style="fill: none"/>', "", svg)
    svg = re.sub(r"\s+", " ", svg).replace("> <", "><")
    return re.sub(r" ?transform=\"rotate\(-0 [^\"]*\"|<defs></defs>|<g></g>|<g/>", "", svg)


def new(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure of a size in inches, with one set of axes."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


@dataclass(frozen=True)
class Drawings:
    """Every plot of a report as SVG; ``precision_recall`` and ``reliability`` have a plot per label."""

    labels: str
    precision_recall: Sequence[str]
    calibration: str
    reliability: Sequence[str]
    confusion: str
    together: str
    threshold: str
    length: str


def draw_all(report: Report) -> Drawings:
    """Return every plot of a report."""
    plots = Plots()
    with mpl.rc_context(STYLE):
        return Drawings(
            labels=label_bars(plots, report),
            precision_recall=[curve(plots, report, label) for label in report.curves],
            calibration=reliability(plots, "all labels", report.calibration.curve, 3.4),
            reliability=[
                reliability(plots, label, found.curve, 1.75)
                for label, found in report.calibration.labels.items()
                if len(found.curve) > 1
            ],
            confusion=heat(plots, report.data.labels, report.confusion, "given"),
            together=heat(plots, report.data.labels, report.together, "also true"),
            threshold=threshold_effect(plots, report),
            length=slices(plots, report),
        )


def label_bars(plots: Plots, report: Report) -> str:
    """Draw F1 with its interval, highest first."""
    figures = report.of_labels
    values = {label: made.f1.value for label, made in figures.own.labels.items() if made.f1.value is not None}
    labels = sorted(values, key=lambda label: values[label])
    figure, axes = new(4.4, 0.6 + 0.19 * max(len(labels), 1))
    if not labels:
        axes.text(0.5, 0.5, "no label has a positive", ha="center")
        return plots.svg(figure, "No F1 is defined")
    colours = [DIM if label in report.unreliable else OWN for label in labels]
    axes.barh(range(len(labels)), [values[label] for label in labels], color=colours, height=0.72)
    for place, label in enumerate(labels):
        f1 = figures.own.labels[label].f1
        if f1.low is not None and f1.high is not None:
            axes.plot([f1.low, f1.high], [place, place], color=INK, linewidth=1.1, solid_capstyle="butt")
        axes.text(1.02, place, f"{figures.support[label]:,}", va="center", fontsize=7.5)
    names = [f"{label} *" if label in report.unreliable else label for label in labels]
    axes.set_yticks(range(len(labels)), names)
    axes.set(xlim=(0, 1), ylim=(-0.6, len(labels) - 0.4), xlabel="F1, with 95 % interval; right: positives")
    axes.grid(axis="y", visible=False)
    return plots.svg(figure, "F1 of each label with its interval; the figures are in the table below")


def curve(plots: Plots, report: Report, label: str) -> str:
    """Draw precision against recall of one label."""
    figure, axes = new(1.75, 1.75)
    recall, precision = zip(*report.curves[label], strict=True)
    axes.plot(recall, precision, color=OWN, linewidth=1.4)
    made = report.of_labels.own.labels[label]
    if made.precision.value is not None and made.recall.value is not None:
        axes.plot(made.recall.value, made.precision.value, "o", color=INK, markersize=4)
    unit_square(axes, label + (" *" if label in report.unreliable else ""))
    return plots.svg(figure, f"Precision against recall of {label}")


def reliability(plots: Plots, title: str, points: Sequence[CurvePoint], size: float) -> str:
    """Draw the observed share of positives against predicted probability."""
    figure, axes = new(size, size)
    axes.plot([0, 1], [0, 1], color=GRID, linewidth=1)
    x, y = [point.predicted for point in points], [point.observed for point in points]
    axes.plot(x, y, "o-", color=OWN, linewidth=1.2, markersize=3)
    unit_square(axes, title)
    return plots.svg(figure, f"Observed share against predicted probability, {title}")


def unit_square(axes: Axes, title: str) -> None:
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1), title=title)
    axes.set_xticklabels(["0", ".5", "1"])
    axes.set_yticklabels(["0", ".5", "1"])


def heat(plots: Plots, labels: Sequence[str], shares: Sequence[Sequence[float | None]], across: str) -> str:
    """Draw a matrix of shares: the text's true label down, what it is given across."""
    figure, axes = new(0.23 * len(labels) + 1.4, 0.21 * len(labels) + 1.4)
    cells: dict[int, list[Path]] = defaultdict(list)  # by shade: one shape for each is much less than one a cell
    for y, row in enumerate(shares):
        for x, share in enumerate(row):
            cells[round(SHADES * (share or 0))].append(Path.unit_rectangle().transformed(Affine2D().translate(x, y)))
    for shade, shapes in cells.items():
        if shade:
            whole = Path.make_compound_path(*shapes)
            axes.add_patch(PathPatch(whole, facecolor=OWN, alpha=shade / SHADES, linewidth=0))
    axes.set(xlim=(0, len(labels)), ylim=(0, len(labels)))
    places = [i + 0.5 for i in range(len(labels))]
    axes.set_xticks(places, labels, rotation=90)
    axes.set_yticks(places, labels)
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.set(xlabel=across, ylabel="true")
    axes.tick_params(length=0)
    return plots.svg(figure, f"Of the texts with each label (rows), the share that is {across} each label (columns)")


def threshold_effect(plots: Plots, report: Report) -> str:
    """Draw macro and micro F1 over one threshold for all, beside the model's own."""
    points, own = report.common_threshold, report.of_labels.own.overall
    figure, axes = new(4.4, 2.9)
    x = [point.threshold for point in points]
    for title, colour, y, best in (
        ("macro F1", OWN, [point.macro_f1 for point in points], own.macro_f1.value),
        ("micro F1", SECOND, [point.micro_f1 for point in points], own.micro_f1.value),
    ):
        drawn = [math.nan if value is None else value for value in y]
        axes.plot(x, drawn, "o-", color=colour, markersize=3, label=f"{title}, one threshold for all")
        if best is not None:
            axes.axhline(best, color=colour, linestyle="--", linewidth=1, label=f"{title}, the model's own")
    axes.set(xlim=(0, 1), xlabel="threshold for all labels", ylabel="F1")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8, ncols=1, loc="lower left")
    return plots.svg(figure, "Macro and micro F1 over one threshold for all labels")


def slices(plots: Plots, report: Report) -> str:
    """Draw micro and macro F1 by number of words."""
    found = report.slices
    figure, axes = new(4.4, 2.4)
    for place, (title, colour, shift, figures) in enumerate(
        (
            ("micro F1", SECOND, -0.1, [part.micro_f1 for part in found.values()]),
            ("macro F1", OWN, 0.1, [part.macro_f1 for part in found.values()]),
        )
    ):
        for x, f1 in enumerate(figures):
            if f1.value is None:
                continue
            axes.plot(x + shift, f1.value, "o", color=colour, label=None if x else title)
            if f1.low is not None and f1.high is not None:
                axes.plot([x + shift] * 2, [f1.low, f1.high], color=colour, linewidth=1.5, zorder=place)
    axes.set_xticks(range(len(found)), [f"{name}\n{part.rows:,} texts" for name, part in found.items()])
    axes.set(xlim=(-0.5, len(found) - 0.5), ylim=(0, 1), ylabel="F1")
    axes.legend(fontsize=8, ncols=2, loc="lower right")
    return plots.svg(figure, "F1 by number of words, with 95 % intervals; the figures are in the table")
