"""A reader of the documentation, who runs what a page shows, from its top, in one folder."""

from __future__ import annotations

import random
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from awkward import database, workbook
from documented import Block
from environments import ROOT, Environment
from own_rows import own_rows, write_rows
from running import serving

from goemotions import LABELS
from goemotions.catalog import find_model

SERVER = "127.0.0.1:8080"
SECONDS = 600


@dataclass(frozen=True)
class StandIn:
    """What is run in place of something that a test cannot run as it is shown.

    Attributes:
        shown: a regular expression; where it matches a command or a block of Python, its match is replaced.
        run: the replacement.
    """

    shown: str
    run: str
    why: str


@dataclass
class Reader:
    """Runs the blocks of one page, one after another.

    Attributes:
        replaced_extras: extras that the tests' environment lacks, with those that stand in for them.
        not_run: regular expressions of commands that are left out.
    """

    folder: Path
    stand_ins: tuple[StandIn, ...]
    replaced_extras: dict[str, str]
    not_run: tuple[str, ...]
    variables: dict[str, str]
    servers: ExitStack = field(default_factory=ExitStack)
    address: str = SERVER

    def run(self, block: Block) -> None:
        """
        Raises:
            AssertionError: a command fails, or prints something else than the page shows.
        """
        environment = self.environment(block)
        if block.language == "python":
            code = self.folder / "snippet.py"
            code.write_text(self.replace(block.text), encoding="utf-8")
            printed = self.process([sys.executable, str(code)], environment, block)
        else:
            printed = "".join(self.command(command, environment, block) for command in block.commands)
        assert block.shown is None or printed == block.shown, f"{block} prints {printed!r}"

    def command(self, shown: str, environment: dict[str, str], block: Block) -> str:
        """Run one command of a block, and return what it prints."""
        if any(re.match(pattern, shown) for pattern in self.not_run):
            return ""
        replaced = self.replace(shown)
        if replaced.startswith("goemotions serve"):
            self.serve(replaced, environment)
            return ""
        if replaced.startswith("goemotions label") and "--label-studio" not in replaced:
            self.label(replaced, environment)
            return ""
        printed = self.process(["bash", "-euo", "pipefail", "-c", replaced], environment, block)
        if "--dry-run" not in replaced:
            for output in re.findall(r"(?:--output|-o|>) (?!- )(\S+)", replaced):
                assert list(self.folder.glob(f"{output}*")), f"{block}: {shown} does not write {output}"
        return printed

    def environment(self, block: Block) -> dict[str, str]:
        extras = frozenset(self.replaced_extras.get(extra, extra) for extra in block.environment.extras)
        return Environment(extras, block.environment.packages).variables(self.folder) | self.variables

    def replace(self, text: str) -> str:
        for stand_in in self.stand_ins:
            text = re.sub(stand_in.shown, stand_in.run, text)
        return text.replace(SERVER, self.address)

    def serve(self, command: str, environment: dict[str, str]) -> None:
        """Start a server on a free port; what comes after it on the page asks this one."""
        words = re.sub(r"--port \d+", "", command)
        server = self.servers.enter_context(serving(*shlex.split(words)[2:], env=environment, cwd=self.folder))
        self.address = server.url.removeprefix("http://")

    def label(self, command: str, environment: dict[str, str]) -> None:
        """Open a page to label on, as a person who closes it again."""
        with serving(*shlex.split(command)[2:], env=environment, cwd=self.folder, command="label"):
            pass

    def process(self, command: list[str], environment: dict[str, str], block: Block) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=SECONDS,
        )
        assert done.returncode == 0, f"{block}: {command[-1]}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def lay_out(folder: Path) -> None:
    """Make the files that the documentation takes for given: texts, tables, a corpus, models."""
    (folder / "comments.txt").write_text("Thank you!\nWhat is that?\n")
    (folder / "reviews.csv").write_text("id,review\n1,I love it\n2,awful\n")
    texts, labels = own_rows(42)
    write_rows(folder / "labelled.csv", texts, labels)
    moods = [["happy"] if "praise" in row else ["angry"] if "price" in row else [] for row in labels]
    write_rows(folder / "posts.csv", texts, moods)
    write_feedback(folder / "feedback.csv", folder / "labelled-feedback.csv")
    (folder / "map.json").write_text('{"rule": "any", "labels": {"happy": ["joy"], "angry": ["anger", "annoyance"]}}')
    (folder / "survey.xlsx").write_bytes(
        workbook({"About": [["by", "us"]], "Answers": [["n", "answer"], [1, "Thanks!"]]})
    )
    statements = "CREATE TABLE comments (id, body)", "INSERT INTO comments VALUES (1, 'Thanks!')"
    (folder / "shop.db").write_bytes(database(*statements))
    write_corpus(folder / "DIR")
    (folder / "path" / "to").mkdir(parents=True)
    for model in ("MODEL", "path/to/model", "OLD/src/goemotions/models/compact"):
        shutil.copytree(find_model("compact"), folder / model)
    rows = corpus_rows(40, seed=3)
    for forum in ("forum", "bucket/forum"):
        (folder / forum).mkdir(parents=True)
        columns = {"text": [text for text, _ in rows], "forum": ["games", "music"] * 20, "written": ["2026-03-05"] * 40}
        pq.write_table(pa.table(columns), folder / forum / "in.parquet")
    shutil.copytree(ROOT / "teachers", folder / "teachers")


def write_feedback(texts: Path, labelled: Path) -> None:
    """Write 200 texts with a team and a date, and 60 of them, drawn by chance, with their labels."""
    rows = corpus_rows(200, seed=5)
    teams, months = ("north", "south", "south"), range(1, 13)
    lines = [f'"{text}",{teams[n % 3]},2025-{months[n % 12]:02d}-07' for n, (text, _) in enumerate(rows)]
    texts.write_text("\n".join(["text,team,date", *lines]) + "\n", encoding="utf-8")
    chosen = random.Random(5).sample(range(200), 60)
    labels = [f'{n + 1},"{rows[n][0]}",{rows[n][1]}' for n in chosen]
    labelled.write_text("\n".join(["row,text,labels", *labels]) + "\n", encoding="utf-8")


def write_corpus(folder: Path) -> None:
    """A corpus in the official form, of a few hundred rows without a text that occurs again."""
    folder.mkdir(parents=True)
    for seed, (name, rows) in enumerate({"train": 280, "dev": 84, "test": 84}.items()):
        found = enumerate(corpus_rows(rows, seed))
        lines = [f"{text}\t{LABELS.index(label)}\t{name}{i}\n" for i, (text, label) in found]
        (folder / f"{name}.tsv").write_text("".join(lines), encoding="utf-8")


def corpus_rows(rows: int, seed: int) -> list[tuple[str, str]]:
    """So many texts that name their label, each label as often as the others."""
    generator = random.Random(seed)
    names = "Ann Bob Cyd Dora Emil Fay Gus Hal Ida Jo Kay Lou Max Nan Olaf Pia".split()
    things = "car tea game house lamp ticket garden boat song dinner coat letter map".split()
    labels = [LABELS[row % len(LABELS)] for row in range(rows)]
    return [
        (f"{generator.choice(names)} and the {generator.choice(things)}: so much {label}! {seed}-{row}", label)
        for row, label in enumerate(labels)
    ]
