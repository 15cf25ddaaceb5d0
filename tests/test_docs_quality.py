"""The quality tables of README and docs are what `benchmarks/pages.py` makes of the committed runs, not typed."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from goemotions.catalog import find_model, shipped
from goemotions.evaluation import page
from goemotions.evaluation.behaviour.cases import read_suite
from goemotions.evaluation.model_metrics import metrics_of, read_metrics
from goemotions.evaluation.report import Report
from goemotions.records import from_json, to_json

ROOT = Path(__file__).parent.parent
BEHAVIOUR = ROOT / "docs" / "behaviour.md"


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("pages")


def test_the_pages_are_made_from_the_results(pages: ModuleType) -> None:
    made = pages.made()
    assert {path.name for path in made} == {"README.md", "quality.md", "italian.md", "behaviour.md", "rivals.md"}
    for path, content in made.items():
        assert path.read_text(encoding="utf-8") == content, f"{path.name}: run python benchmarks/pages.py"
        assert content.count(pages.MADE) == 1


def test_another_figure_would_be_noticed(pages: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    default, changed = shipped().default, pages.results()
    raw = changed[default].to_json()
    for name in (pages.OFFICIAL, "xed-it"):
        raw[name]["figures"]["at"]["own"]["overall"]["macro_f1"]["value"] += 0.001
    reports = {name: from_json(type(found), raw[name], name) for name, found in changed[default].reports.items()}
    changed[default] = replace(changed[default], reports=reports)
    monkeypatch.setattr(pages, "results", lambda: changed)
    for path, content in pages.made().items():
        assert (path.read_text(encoding="utf-8") != content) == (path.name not in ("behaviour.md", "rivals.md"))


def test_the_behaviour_page_is_of_the_frozen_cases_and_every_shipped_model(pages: ModuleType) -> None:
    found = importlib.import_module("page_behaviour").results()
    assert {*shipped().models, "tfidf", "vader", "nrclex"} <= set(found)
    suite = read_suite()
    assert {result.report.suite for result in found.values()} == {suite.sha256}
    assert f"{len(suite.cases):,} short cases" in (ROOT / "docs" / "measuring.md").read_text(encoding="utf-8")
    assert f"{found[shipped().default].report.overall.share.value:.0%}".replace("%", " %") in pages.made()[BEHAVIOUR]


@pytest.mark.parametrize("model", shipped().models)
def test_the_report_is_of_the_shipped_model(pages: ModuleType, model: str) -> None:
    stem = ROOT / "docs" / "reports" / model
    content = stem.with_suffix(".json").read_text(encoding="utf-8")
    report = from_json(Report, json.loads(content))
    assert page.json_text(report) == content
    config = json.loads((find_model(model) / "config.json").read_text(encoding="utf-8"))
    assert report.thresholds["own"] == config["thresholds"]
    assert metrics_of(report) == read_metrics(config)
    assert json.dumps(to_json(metrics_of(report))) == json.dumps(config["metrics"])
    assert stem.with_suffix(".md").read_text(encoding="utf-8") == page.markdown(report)
    kept = pages.results()[model].reports[pages.OFFICIAL]
    assert kept.figures.at == report.of_labels.at
    assert not any(error.text for error in (*report.worst.false_alarms, *report.worst.misses))


def test_results_are_read_and_written_byte_for_byte(pages: ModuleType) -> None:
    """Reports and results that were committed before figures were dataclasses keep their form."""
    for model, found in pages.results().items():
        path = ROOT / "benchmarks" / "results" / "quality" / f"{model}.json"
        whole = json.loads(path.read_text(encoding="utf-8"))
        assert page.json_text(whole | {"sets": found.to_json()}) == path.read_text(encoding="utf-8")


def test_a_whole_evaluation_takes_20_seconds_at_most_beside_inference() -> None:
    """By the committed run, with the figures that the documentation gives."""
    run = json.loads((ROOT / "benchmarks" / "results" / "evaluation_speed.json").read_text(encoding="utf-8"))
    assert (run["rows"], run["resamples"]) == (5427, 10_000)
    assert run["seconds"]["beside_inference"] <= 20
    page = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
    for name in ("inference", "figures", "plots_and_writing", "beside_inference"):
        assert f"{run['seconds'][name]:.1f} s" in page.split("## Time of an evaluation")[1].split("\n## ")[0]
