"""The report of a corpus: what it says is what was planted, and it needs nothing from outside."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from conftest import Run
from debian import need

from goemotions import EmotionClassifier
from goemotions.estimation import Grouping
from goemotions.estimation.corpus import ScoredRows
from goemotions.predictions import Thresholds
from goemotions.reporting.gathering import Gathering
from goemotions.reporting.headline import headline
from goemotions.reporting.page import report_page
from goemotions.reporting.report import CorpusReport, ReportOptions, make_report
from goemotions.reporting.run import write_report
from goemotions.reporting.words import MOST_WORDS, Lexicon

CHROMIUM = Path("/usr/bin/chromium")
TEXTS = {
    "anger": "This makes me furious, what an outrage about parking",
    "gratitude": "Thank you so much for the lovely parcel",
    "neutral": "The meeting is at ten in the office",
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, classifier: EmotionClassifier) -> CorpusReport:
    """Of 600 texts: anger grows by the month, and is what the north writes; one text would be mark-up."""
    generator = random.Random(0)
    path = tmp_path_factory.mktemp("corpus") / "posts.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "team", "date"])
        for row in range(600):
            team, month = generator.choice(["<b>north", "south"]), generator.randrange(12)
            label = generator.choices(list(TEXTS), [month + 6 * (team != "south"), 6, 6])[0]
            text = f"{TEXTS[label]} {row}" if row else "<script>alert(1)</script> thank you"
            writer.writerow([text, team, f"2025-{month + 1:02d}-01"])
    options = ReportOptions(grouping=Grouping("team", "date"), command="goemotions report posts.csv")
    return make_report(classifier, path, options)


def test_the_headline_says_what_was_planted(report: CorpusReport) -> None:
    told = " ".join(headline(report))
    assert "The most frequent emotions are " in told
    assert "Anger rises by " in told
    assert "<b>north has more anger (by " in told
    assert "south has more gratitude (by " in told


def test_words_and_texts_are_those_of_the_emotion(report: CorpusReport) -> None:
    assert {"furious", "outrage", "parking"} <= {word.word for word in report.words["anger"]}
    assert {"thank", "lovely"} <= {word.word for word in report.words["gratitude"]}
    driving = {driver.word: driver for driver in report.driven["anger"].words}
    assert {"furious", "outrage"} <= driving.keys()
    assert driving["furious"].texts == report.driven["anger"].explained == 20
    strongest = report.examples["anger"].strongest
    assert len(strongest) == 3
    assert all("furious" in example.text for example in strongest)
    assert strongest[0].probability >= strongest[1].probability >= strongest[2].probability


def test_words_of_a_group_are_those_that_others_use_less(tmp_path: Path, classifier: EmotionClassifier) -> None:
    path = tmp_path / "posts.csv"
    there = [("parcel", "north"), ("concert", "south")] * 100
    lines = [f"Thank you for {thing} {row},{team}\n" for row, (thing, team) in enumerate(there)]
    path.write_text("text,team\n" + "".join(lines) + "Muchas gracias por la ayuda,north\n" * 4)
    report = make_report(classifier, path, ReportOptions(grouping=Grouping("team")))
    assert [word.word for word in report.group_words["north"]["gratitude"]] == ["parcel"]
    assert [word.word for word in report.group_words["south"]["gratitude"]] == ["concert"]
    assert "gracias" not in {word.word for words in report.words.values() for word in words}  # four texts have it
    assert report.languages == {"en": 200, "es": 4}
    assert "4 of 204 texts seem to be in languages that the model compact does not read" in report_page(report)


class Page(HTMLParser):
    """Reads a page: its elements, and the addresses that it names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        found = dict(attrs)
        self.addresses += [found[name] or "" for name in ("href", "src") if name in found]
        self.ids += [found["id"] or ""] if "id" in found else []


def test_the_page_needs_nothing_and_shows_names_as_they_are(report: CorpusReport) -> None:
    text = report_page(report)
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "b>north"} & set(page.elements)
    assert all(address.startswith("#") for address in page.addresses)
    assert {address[1:] for address in page.addresses} <= set(page.ids)
    assert "&lt;b&gt;north" in text
    assert "&lt;script&gt;alert(1)" in text
    assert "goemotions report posts.csv" in text
    for section in ("shares", "time", "groups", "emotions", "method"):
        assert section in page.ids


def test_the_csv_and_json_hold_everything(report: CorpusReport, tmp_path: Path) -> None:
    page, table, record = write_report(report, tmp_path / "out" / "r.html")
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["view"] for row in rows} == {"labels", "ekman", "sentiment"}
    overall = report.main.overall()["anger"]
    mine = next(
        row for row in rows if (row["view"], row["label"], row["group"], row["period"]) == ("labels", "anger", "", "")
    )
    assert float(mine["share"]) == overall.share
    assert json.loads(record.read_text(encoding="utf-8"))["estimates"]["labels"]["rows"] == 600
    assert page.stat().st_size < 3_000_000


def test_texts_can_be_left_out(tmp_path: Path, cli: Run) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("text\n" + "".join(f"Thank you so much for number {row}\n" for row in range(60)))
    done = cli("report", path, "--no-texts", "--output", tmp_path / "r.html")
    assert done.returncode == 0, done.stderr
    assert "Thank you so much for" not in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Thank you so much for" not in (tmp_path / "r.json").read_text(encoding="utf-8")
    again = cli("report", path, "--output", tmp_path / "r.html")
    assert again.returncode == 1
    assert "--overwrite" in again.stderr
    before = path.read_text()
    onto = cli("report", path, "--output", tmp_path / "posts.html", "--overwrite")
    assert onto.returncode == 1
    assert "posts.csv would replace a file that is read" in onto.stderr
    assert path.read_text() == before


def test_files_of_a_folder_are_one_corpus(tmp_path: Path, classifier: EmotionClassifier) -> None:
    """The report of a folder failed after all of it was scored."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"text\nthank you {name}\nwhat a sad day {name}\n")
    made = make_report(classifier, tmp_path, ReportOptions())
    assert (made.main.rows, made.source.file) == (4, tmp_path.name)


def test_memory_of_words_is_bounded() -> None:
    lexicon, generator = Lexicon(2), np.random.default_rng(0)
    for block in range(12):
        texts = [f"common w{block}x{row} z{block}x{row}" for row in range(4000)]
        lexicon.add(texts, generator.random((4000, 2)))
        assert len(lexicon._places) <= MOST_WORDS
    assert lexicon._texts[lexicon._places["common"]] == 48_000


def test_examples_are_the_best_of_all_blocks() -> None:
    gathering = Gathering(Thresholds({"a": 0.5}), [])
    values = np.random.default_rng(1).random((500, 1))
    for start in range(0, 500, 50):
        numbers, here = list(range(start, start + 50)), values[start : start + 50]
        texts, alike = [f"text {number}" for number in numbers], [""] * 50
        gathering.add(ScoredRows(numbers, texts, alike, alike, here, 0, here >= 0.5, [None for _ in numbers]))
    found = gathering.examples()[0]
    order = np.argsort(-values[:, 0])
    assert [example.row for example in found.strongest] == list(order[:3])
    odds = np.abs(np.log(values[:, 0] / (1 - values[:, 0])))
    assert {example.row for example in found.doubtful} == set(np.argsort(odds)[:3])
    assert [example.probability >= 0.5 for example in found.typical] == [True] * 3
    assert gathering.given == [int((values >= 0.5).sum())]


@pytest.fixture
def screens(report: CorpusReport, tmp_path: Path) -> Iterator[list[tuple[str, object, list[str]]]]:
    """The page in a real browser, light and dark, wide and as on a phone; and what each asked the network for."""
    api = pytest.importorskip("playwright.sync_api")
    need(CHROMIUM, "chromium")  # in CI it must be there
    path = write_report(report, tmp_path / "r.html")[0]
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = []
        for name, width, scheme in (("light", 1100, "light"), ("dark", 1100, "dark"), ("phone", 390, "light")):
            asked: list[str] = []
            page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto(path.as_uri())
            opened.append((name, page, asked))
        yield opened
        browser.close()


def test_anyone_can_read_it_on_any_screen(screens: list[tuple[str, object, list[str]]]) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright").Axe()
    for name, page, asked in screens:
        found = axe.run(page)["violations"]
        assert not found, (
            f"{name}: {[(rule['id'], [node['html'][:90] for node in rule['nodes']][:3]) for rule in found]}"
        )
        assert len(asked) == 1, name  # the page itself
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name  # type: ignore[attr-defined]
