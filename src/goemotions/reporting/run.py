"""Write a report: the page, and beside it everything in it as CSV and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from goemotions.errors import DataError
from goemotions.evaluation.page import json_text
from goemotions.files import new_file
from goemotions.reporting.page import report_page
from goemotions.reporting.report import CorpusReport
from goemotions.tables.formulas import Formulas
from goemotions.tables.several import refuse_read

COLUMNS = ("view", "label", "group", "period", "share", "low", "high", "rows", "labelled")


def forms(output: Path, read: Sequence[Path] = ()) -> tuple[Path, Path, Path]:
    """Return the page, the CSV and the JSON of a report by the page's name.

    Args:
        read: files that the report is made from.

    Raises:
        DataError: a name that is not a page's, or with which the CSV or the JSON would replace what is read.
    """
    if output.suffix.lower() not in (".html", ".htm"):
        raise DataError(f"{output}: a report is a page, give a name that ends in .html")
    paths = output, output.with_suffix(".csv"), output.with_suffix(".json")
    for path in paths:
        if path.exists() and any(source.exists() and path.samefile(source) for source in read):
            raise DataError(
                f"{output}: beside the page {path.name} would replace a file that is read: name another page"
            )
        refuse_read(path, *read)
    return paths


def write_report(report: CorpusReport, output: Path) -> Sequence[Path]:
    """Write the page and what is beside it, each whole or not at all, and return their paths."""
    paths = forms(output)
    for path, content in zip(paths, contents(report), strict=True):
        with new_file(path) as temporary:
            temporary.write_text(content, encoding="utf-8", newline="")
    return paths


def contents(report: CorpusReport) -> tuple[str, str, str]:
    """Return the page, the CSV and the JSON of a report."""
    return report_page(report), csv_text(report), json_text(report)


def csv_text(report: CorpusReport) -> str:
    """Return all shares as CSV, a line each."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    formulas = Formulas(kept=False)  # a group may be called what a spreadsheet would compute
    writer.writerow(COLUMNS)
    for view, estimates in report.estimates.items():
        for share in estimates.shares:
            cells = [view, *("" if value is None else str(value) for value in vars(share).values())]
            writer.writerow(formulas.harmless(cells))
    return stream.getvalue()
