"""The page of a report as people read it: contents, what is good beside it, and on a phone."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

import pytest
from page_driver import check_access
from playwright.sync_api import Browser

from goemotions import LABELS, EmotionClassifier
from goemotions.data.download import FILES
from goemotions.evaluation import page
from goemotions.evaluation.datasets import read_labelled
from goemotions.evaluation.evaluate import evaluate
from goemotions.evaluation.report import Report

ROWS = ["Thank you so much!\t15", "I am furious.\t2", "The table has legs.\t27", "I love you.\t18", "Sad.\t25"]


@pytest.fixture(scope="module")
def report(classifier: EmotionClassifier, tmp_path_factory: pytest.TempPathFactory) -> Report:
    path = tmp_path_factory.mktemp("data") / "mine.tsv"
    path.write_text("".join(f"{row}\tid{number}\n" for number, row in enumerate(ROWS * 8)), encoding="utf-8")
    return evaluate(classifier, read_labelled(path, LABELS), resamples=50)


def test_contents_lead_to_every_part(report: Report) -> None:
    whole = page.page(report)
    titles = dict(re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', whole))
    assert len(titles) > 12
    assert "<h2>" not in whole
    assert dict(re.findall(r'<li><a href="#([^"]+)">(.*?)</a>', whole)) == titles
    assert whole.index("<nav") < whole.index("<h2")


def test_what_is_good_is_said_of_the_official_test_split_alone(report: Report) -> None:
    assert "What is good" not in page.page(report)
    official = next(file.sha256 for file in FILES if file.name == "test.tsv")
    measured = dataclasses.replace(report, data=dataclasses.replace(report.data, sha256=official))
    for whole in (page.page(measured), page.markdown(measured)):
        start = whole.rindex("What is good")  # behind the contents
        ladder = whole[start : whole.index("Seen in training", start)]
        own = f"{report.model.name}, this report"
        places = [
            ladder.index(name) for name in ("one of the raters", "RoBERTa-large", "a bag of words", "BERT-base, the")
        ]
        assert places == sorted(places)
        value = report.of_labels.own.overall.macro_f1.value or 0
        assert (ladder.index(own) < places[0]) == (value > 0.567)


@pytest.mark.parametrize("width", [1200, 360])
def test_it_fits_the_screen_and_axe_finds_nothing(browser: Browser, report: Report, tmp_path: Path, width: int) -> None:
    official = next(file.sha256 for file in FILES if file.name == "test.tsv")
    measured = dataclasses.replace(report, data=dataclasses.replace(report.data, sha256=official))
    (tmp_path / "report.html").write_text(page.page(measured), encoding="utf-8")
    context = browser.new_context(viewport={"width": width, "height": 800})
    opened = context.new_page()
    opened.goto((tmp_path / "report.html").as_uri())
    if "GOEMOTIONS_SCREENSHOTS" in os.environ:
        path = Path(os.environ["GOEMOTIONS_SCREENSHOTS"]) / f"report-{width}.png"
        opened.screenshot(path=path, full_page=True)
    check_access(opened, str(width))
    context.close()
