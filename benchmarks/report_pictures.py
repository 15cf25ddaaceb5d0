"""Make the pictures of a report in ``docs/pictures``: of texts written for this project, with teams and dates drawn.

Nobody wrote these texts to any team: months and teams are drawn so that anger and its neighbours become more frequent
over a year, joy and gratitude less, and that one team has more of them. 800 rows, as ``goemotions sample`` draws
them, have the labels that the texts were written for. The pictures show what a report looks like, and nothing of the
world. Run from the repository, with playwright and Chromium installed:
``python benchmarks/report_pictures.py``.
"""

from __future__ import annotations

import csv
import random
import subprocess
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
TEXTS, PICTURES = ROOT / "corpus" / "everyday-en.tsv", ROOT / "docs" / "pictures"
CHROMIUM = Path("/usr/bin/chromium")
YEAR, MONTHS, LABELLED, SEED = 2025, 12, 800, 0
TEAMS = {"Harbour": 1.0, "Hillside": 1.0, "Old Town": 0.6}
"""Teams, and how many texts each has by chance."""
RISING, FALLING = {"anger", "annoyance", "disapproval"}, {"joy", "gratitude", "relief"}
GRUMBLING, STEEP = "Harbour", 3.0
"""The team that has more of what rises, and how many times more of it the last month has than the first."""
WIDE, HIGH = 1000, 1010


def write_posts(path: Path) -> None:
    """Write the texts with a team and a date each."""
    drawn = random.Random(SEED)
    with TEXTS.open(encoding="utf-8", newline="") as stream, path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["text", "team", "date"])
        for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
            labels = set(row["labels"].split(","))
            slope = (STEEP if labels & RISING else 1 / STEEP if labels & FALLING else 1.0) ** (1 / (MONTHS - 1))
            month = drawn.choices(range(MONTHS), [slope**number for number in range(MONTHS)])[0]
            weights = [size * (2 if labels & RISING and team == GRUMBLING else 1) for team, size in TEAMS.items()]
            team = drawn.choices(list(TEAMS), weights)[0]
            date = f"{YEAR}-{month + 1:02d}-{drawn.randrange(1, 29):02d}"
            writer.writerow([row["text"], team, date])


def label_sample(folder: Path) -> None:
    """Draw rows to label, and give them the labels that their texts were written for."""
    run(folder, "sample", "posts.csv", "--n", str(LABELLED), "--by", "team", "--output", "sample.csv")
    with TEXTS.open(encoding="utf-8", newline="") as stream:
        labels = [row["labels"] for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)]
    with (folder / "sample.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with (folder / "labelled.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, [*rows[0], "labels"])
        writer.writeheader()
        writer.writerows({**row, "labels": labels[int(row["row"]) - 1]} for row in rows)


def run(folder: Path, *arguments: str) -> None:
    """Run a command of goemotions in a folder."""
    subprocess.run(["goemotions", *arguments], cwd=folder, check=True)


def take(page: Page, scheme: str) -> None:
    """Take the pictures of an open report: its beginning, and if it is light each part."""
    page.screenshot(path=PICTURES / f"report-{scheme}.png", clip={"x": 0, "y": 0, "width": WIDE, "height": HIGH})
    for part in ("time", "groups", "emotions") if scheme == "light" else ():
        box = page.locator(f"#{part}").bounding_box()
        if box is None:
            raise SystemExit(f"the report has no part {part}")
        page.screenshot(
            path=PICTURES / f"{part}-{scheme}.png",
            clip={"x": 0, "y": box["y"], "width": WIDE, "height": min(box["height"], HIGH)},
            full_page=True,
        )


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_posts(folder / "posts.csv")
        label_sample(folder)
        run(folder, "report", "posts.csv", "--by", "team", "--time", "date", "--labelled", "labelled.csv")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            for scheme in ("light", "dark"):
                page = browser.new_page(viewport={"width": WIDE, "height": HIGH}, color_scheme=scheme)
                page.goto((folder / "report.html").as_uri())
                take(page, scheme)
            browser.close()


if __name__ == "__main__":
    main()
