"""How good are models of some dozen labelled rows? ``goemotions fit`` beside others, and the base as it is.

Labelled rows are drawn from one part of a corpus, and figures are of another, which nothing was chosen on. What
a fit says of itself is compared with 1,000 fresh rows. Run:

    python benchmarks/few_shot.py --data DIR

DIR has the folders ``brighter``, ``xed``, ``italian`` and ``goemotions``, as their publishers name the files; a corpus
that is not there is left out. Means over draws, with 95 % intervals of the mean; seconds are of one core. With
``--coverage 50`` it says instead in how many of 50 draws the figure that a fit says of itself holds; ``--export``
writes the draws for ``setfit_rival.py``, and ``--setfit`` reads what that found. All is added to the results there are.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from few_shot_rows import Rows, corpora, draw
from few_shot_ways import Corpus, compared_rows, corpus, of_base, of_fit, of_setfit, of_words
from harness import RESULTS, commit, processor

SIZES = (8, 16, 32, 64, 256, 1024)
KEPT = ("within", "width", "said", "macro_f1", "calibration_error")
ONLY_COVERAGE = {"within", "width"}
"""Figures of which the share or mean of many draws says something."""
SETFIT_SIZES = (16, 64, 8)
SETFIT_DRAWS = {True: 2, False: 1}
"""In English and in other languages, which its encoder was not made for."""
Figures = dict[str, Any]


def measured(one: Corpus, sizes: Sequence[int], draws: int) -> Figures:
    """Return the figures of all ways but SetFit."""
    name = one.rows.name
    found: Figures = {
        "draws": draws,
        "labels": one.rows.labels,
        "test_rows": len(one.rows.test_targets),
        "base": of_base(one),
    }
    print(name, "base", found["base"], flush=True)
    for size in (size for size in sizes if size <= len(one.rows.texts)):
        drawn = [draw(one.rows.targets, size, seed) for seed in range(draws)]
        ways = {
            "fit": [of_fit(one, rows, own=False) for rows in drawn],
            "fit, labels unknown to the base": [of_fit(one, rows, own=True) for rows in drawn],
            "bag of words": [of_words(one, rows) for rows in drawn],
        }
        found[str(size)] = {way: summary(values) for way, values in ways.items()}
        for way, values in found[str(size)].items():
            print(f"  {size:>5} {way:32} " + ", ".join(f"{k} {v[0]:.3f}" for k, v in values.items()), flush=True)
    return found


def coverage(one: Corpus, sizes: Sequence[int], draws: int) -> Figures:
    """Return in which share of draws the figure of 1,000 fresh rows lies in the interval that the fit said."""
    found = {}
    for size in (size for size in sizes if size <= len(one.rows.texts)):
        values = [of_fit(one, draw(one.rows.targets, size, seed), own=False) for seed in range(draws)]
        means = {key: round(float(np.mean([value[key] for value in values])), 4) for key in KEPT}
        found[str(size)] = {"draws": draws, **means}
        said = ", ".join(f"{key} {value:.3f}" for key, value in means.items())
        print(f"{one.rows.name:>20} {size:>5} {said}", flush=True)
    return found


def beside_setfit(one: Corpus, lines: Sequence[Figures]) -> Figures:
    """Return the figures of SetFit, and of fit on the same draws and test rows."""
    by_size: dict[int, list[Figures]] = defaultdict(list)
    for line in lines:
        if line["corpus"] == one.rows.name:
            by_size[line["size"]].append(line)
    found: Figures = {}
    compared = compared_rows(one.rows)
    for size, some in sorted(by_size.items()):
        drawn = [draw(one.rows.targets, size, line["draw"]) for line in some]
        ways = {
            "fit": [of_fit(one, rows, own=False, compared=compared) for rows in drawn],
            "fit, labels unknown to the base": [of_fit(one, rows, own=True, compared=compared) for rows in drawn],
            "SetFit": [of_setfit(one, line, same_thresholds=False) for line in some],
            "SetFit, thresholds as of fit": [of_setfit(one, line, same_thresholds=True) for line in some],
        }
        found[str(size)] = {"draws": len(some), **{way: summary(values) for way, values in ways.items()}}
        for way, values in ways.items():
            print(one.rows.name, size, way, [round(value["macro_f1"], 3) for value in values], flush=True)
    return found | {"versions": lines[0]["versions"]}


def summary(values: Sequence[dict[str, float]]) -> Figures:
    """Return means, each with its 95 % interval over draws where there are several."""
    made: Figures = {}
    for key in (key for key in values[0] if key not in ONLY_COVERAGE):
        column = np.array([value[key] for value in values])
        spread = 1.96 * column.std(ddof=1) / np.sqrt(len(column)) if len(column) > 1 else None
        ends = () if spread is None else (column.mean() - spread, column.mean() + spread)
        made[key] = [round(float(number), 4) for number in (column.mean(), *ends)]
    return made


def jobs(every: Sequence[Rows]) -> Figures:
    """Return draws for ``setfit_rival.py``: one of each corpus and size, then the next; languages but English last."""
    return {
        "corpora": {
            rows.name: {
                "texts": rows.texts,
                "targets": rows.targets.tolist(),
                "test_texts": rows.test_texts,
                "measured": compared_rows(rows).tolist(),
            }
            for rows in every
        },
        "draws": [
            {"corpus": rows.name, "size": size, "draw": seed, "rows": draw(rows.targets, size, seed).tolist()}
            for english, draws in SETFIT_DRAWS.items()
            for seed in range(draws)
            for size in SETFIT_SIZES
            for rows in every
            if rows.english == english
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--only", default="", help="a corpus, by the beginning of its name")
    parser.add_argument("--multilingual", default="multilingual", help="the base for other languages than English")
    parser.add_argument("--coverage", type=int, default=0, help="draws, for nothing but the coverage of intervals")
    parser.add_argument("--export", type=Path, help="write the draws for setfit_rival.py there, and end")
    parser.add_argument("--setfit", type=Path, help="what setfit_rival.py found, to add nothing else")
    parser.add_argument("--output", type=Path, default=RESULTS / "few_shot.json")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.export:
        given.export.write_text(json.dumps(jobs(list(corpora(given.data, given.only)))), encoding="utf-8")
        return
    lines = [json.loads(line) for line in given.setfit.read_text().splitlines()] if given.setfit else []
    for rows in corpora(given.data, given.only):
        one = corpus(rows, "compact" if rows.english else given.multilingual)
        made_by: Figures = {"machine": processor(), "commit": commit()}
        if given.coverage:
            found: Figures = {"coverage": made_by | coverage(one, given.sizes, given.coverage)}
        elif given.setfit:
            found = {"beside SetFit": made_by | beside_setfit(one, lines)}
        else:
            found = made_by | measured(one, given.sizes, given.draws)
        write(rows.name, found, given.output)


def write(name: str, found: Figures, output: Path) -> None:
    """Add figures of a corpus to the results there are."""
    results: Figures = json.loads(output.read_text(encoding="utf-8")) if output.exists() else {"corpora": {}}
    results["corpora"].setdefault(name, {}).update(found)
    output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
