"""``goemotions data prepare`` and ``inspect`` on corpora of every form."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Run

from goemotions.data.corpus import Split, read_corpus
from goemotions.data.duplicates import duplicate_groups
from goemotions.data.prepare import PrepareOptions, prepare
from goemotions.data.tables import Columns
from goemotions.errors import DataError
from goemotions.labels import LABELS

NAMES = ("anger", "joy", "surprise")


def texts(count: int = 120) -> list[str]:
    generator = random.Random(0)
    words = "what a day this was for my old dog and his many small friends in town".split()
    made = [" ".join(generator.choices(words, k=12)) for _ in range(count)]
    return [*made, *(text.upper() + "!!" for text in made[:30])]  # near duplicates


def label_lists(count: int = 150) -> list[list[str]]:
    return [[name for step, name in enumerate(NAMES, 2) if row % step == 0] for row in range(count)]


def write_official(folder: Path, **splits: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in splits.items():
        (folder / f"{name}.tsv").write_bytes(content.encode())
    return folder


def official_like(folder: Path) -> Path:
    every = "".join(f"text number {i}\t{i}\tid{i}\n" for i in range(28))
    return write_official(folder, train=every, dev="Text  number 3\t3,4\tx\n", test="quite another\t27\ty\n")


def table(path: Path, form: str) -> PrepareOptions:
    """Write the same corpus in some form; returns how to read it."""
    rows = list(zip(texts(), label_lists(), strict=True))
    if form == "lists.jsonl":
        lines = [json.dumps({"id": f"r{i}", "text": t, "labels": names}) for i, (t, names) in enumerate(rows)]
        path.write_text("\n".join(lines), encoding="utf-8")
        return PrepareOptions(columns=Columns(id="id"))
    if form == "names.csv":
        path.write_text("comment,tags\n" + "".join(f'{t},"{"; ".join(n)}"\n' for t, n in rows), encoding="utf-8")
        return PrepareOptions(columns=Columns("comment", "tags", separator=";"))
    if form == "names.tsv":
        path.write_text("text\tlabels\n" + "".join(f"{t}\t{','.join(n)}\n" for t, n in rows), encoding="utf-8")
        return PrepareOptions()
    if form == "bits.csv":
        path.write_text(
            "text,joy,anger,surprise\n"
            + "".join(
                f"{t},{int('joy' in n)},{'1.0' if 'anger' in n else ''},{int('surprise' in n)}\n" for t, n in rows
            ),
            encoding="utf-8",
        )
        return PrepareOptions(columns=Columns(each=NAMES))
    ids = [[NAMES.index(name) for name in names] for _, names in rows]
    pq.write_table(pa.table({"text": [t for t, _ in rows], "labels": ids}), path)
    return PrepareOptions(labels=NAMES)


@pytest.mark.parametrize("form", ["lists.jsonl", "names.csv", "names.tsv", "bits.csv", "ids.parquet"])
def test_tables_of_every_form_make_the_same_corpus(tmp_path: Path, form: str) -> None:
    source = tmp_path / form
    options = table(source, form)
    described = prepare(source, tmp_path / "out", options)
    corpus = read_corpus(tmp_path / "out")
    assert corpus.labels == NAMES
    got = {
        text: [name for name, bit in zip(NAMES, bits, strict=True) if bit]
        for split in corpus.splits.values()
        for text, bits in zip(split.texts, split.targets, strict=True)
    }
    assert got == dict(zip(texts(), label_lists(), strict=True))
    assert sum(described["rows"].values()) == 150
    assert described["near_duplicates"] == {"dev in train": 0, "test in train": 0, "test in dev": 0}
    assert 10 <= len(corpus.splits["dev"]) <= 20
    if form == "lists.jsonl":
        assert corpus.splits["train"].ids[0] == "r0"


def test_given_splits_are_kept(tmp_path: Path) -> None:
    source = official_like(tmp_path / "official")
    described = prepare(source, tmp_path / "out", PrepareOptions())
    for name in ("train", "dev", "test"):
        assert (tmp_path / "out" / f"{name}.tsv").read_bytes() == (source / f"{name}.tsv").read_bytes()
    assert (tmp_path / "out" / "labels.txt").read_text().split() == list(LABELS)
    assert described["split"] == "as given"
    assert described["near_duplicates"] == {"dev in train": 1, "test in train": 0, "test in dev": 0}
    assert json.loads((tmp_path / "out" / "prepared.json").read_text())["rows"] == {"train": 28, "dev": 1, "test": 1}
    prepare(source, tmp_path / "out", PrepareOptions())  # its own output it may replace


def test_tables_of_three_splits(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, text in {"train": "a", "validation": "b", "test": "c"}.items():
        (folder / f"{name}.csv").write_text(f'text,labels\n"{text}\n{text}",joy\n,joy\n')
    described = prepare(folder, tmp_path / "out", PrepareOptions())
    corpus = read_corpus(tmp_path / "out")
    assert {name: split.texts for name, split in corpus.splits.items()} == {
        "train": ["a a"],
        "dev": ["b b"],
        "test": ["c c"],
    }
    assert described["rows_without_text"] == 3


def test_merging_splits_anew(tmp_path: Path) -> None:
    rows = list(zip(texts(), label_lists(), strict=True))
    lines = [f"{text}\t{','.join(str(LABELS.index(n)) for n in names) or '27'}\tid\n" for text, names in rows]
    lines += [f"a row for {label}, {'x' * i}\t{i}\tid\n" for i, label in enumerate(LABELS)] * 3
    parts = {"train": "".join(lines[:100]), "dev": "".join(lines[100:130]), "test": "".join(lines[130:])}
    source = write_official(tmp_path / "official", **parts)
    described = prepare(source, tmp_path / "out", PrepareOptions(merge=True, shares=(0.6, 0.2, 0.2), seed=4))
    assert described["split"] == {"shares": (0.6, 0.2, 0.2), "seed": 4}
    splits = read_corpus(tmp_path / "out").splits
    written = [(t, tuple(b)) for split in splits.values() for t, b in zip(split.texts, split.targets, strict=True)]
    before = [
        (t, tuple(b))
        for split in read_corpus(source, trainable=False).splits.values()
        for t, b in zip(split.texts, split.targets, strict=True)
    ]
    assert sorted(written) == sorted(before)
    groups = np.split(duplicate_groups([t for t, _ in written]), np.cumsum([len(s) for s in splits.values()])[:-1])
    assert not set(groups[0]) & set(groups[1]) | set(groups[0]) & set(groups[2]) | set(groups[1]) & set(groups[2])


@pytest.mark.parametrize(
    ("content", "columns", "labels", "message"),
    [
        ("text,labels\nhi,joy\n", Columns("texts"), None, r"no column 'texts'; did you mean 'text'\?"),
        (
            "text,labels\nhi,joy\n",
            Columns(each=("joy", "angr")),
            None,
            "no column 'joy', 'angr'; columns: text, labels",
        ),
        (
            "text,joy\nhi,2\nho,often\n",
            Columns(each=("joy",)),
            None,
            "row 1: 'joy' must be 0 or 1, got '2', row 2: 'joy'",
        ),
        ("text,labels\nhi,joi\nho,joy\n", Columns(), NAMES, "row 1: unknown label 'joi'; did you mean 'joy'"),
        ("text,labels\nhi,\n", Columns(), None, "no row has a label"),
    ],
)
def test_bad_tables(tmp_path: Path, content: str, columns: Columns, labels: Any, message: str) -> None:
    (tmp_path / "mine.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        prepare(tmp_path / "mine.csv", tmp_path / "out", PrepareOptions(columns=columns, labels=labels))
    assert not (tmp_path / "out").exists()


def test_label_numbers_need_a_label_set(tmp_path: Path) -> None:
    source = tmp_path / "mine.jsonl"
    source.write_text('{"text": "a", "labels": [1, 3]}\n{"text": "b", "labels": 7}\n{"text": "c", "labels": [true]}\n')
    with pytest.raises(DataError, match="row 3: 'labels' must be a list of labels"):
        prepare(source, tmp_path / "out", PrepareOptions())
    source.write_text('{"text": "a", "labels": [1, 3]}\n{"text": "b", "labels": 7}\n')
    with pytest.raises(DataError, match=r"gives labels by number.*--label-set"):
        prepare(source, tmp_path / "out", PrepareOptions())
    with pytest.raises(DataError, match=r"row 1: label ids must be 0 to 2, got 3, row 2: .* got 7"):
        prepare(source, tmp_path / "out", PrepareOptions(labels=NAMES))


def test_all_problems_of_a_corpus_at_once(tmp_path: Path) -> None:
    source = write_official(tmp_path / "bad", train="hi\t99\tid\n", dev="")
    (source / "test.tsv").write_bytes(b"\xff\t1\tid\n")
    with pytest.raises(DataError, match=r"3 problems: .*must be 0 to 27, got 99.*dev\.tsv is empty.*not UTF-8"):
        read_corpus(source)
    (source / "test.tsv").unlink()
    with pytest.raises(DataError, match=r"no file .*test\.tsv"):
        read_corpus(source)


def test_labels_without_a_positive_are_named(tmp_path: Path) -> None:
    source = write_official(tmp_path / "few", train="hi\t1\tid\n", dev="ho\t2\tid\n", test="he\t1\tid\n")
    (source / "labels.txt").write_text("anger\njoy\nsurprise\n")
    with pytest.raises(DataError, match="labels without a positive in train: anger, surprise"):
        prepare(source, tmp_path / "out", PrepareOptions())


def test_output_in_the_way_and_bad_shares(tmp_path: Path) -> None:
    source = official_like(tmp_path / "official")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("do not lose")
    with pytest.raises(DataError, match="other files, which would be lost"):
        prepare(source, tmp_path / "out", PrepareOptions())
    with pytest.raises(ValueError, match=r"add up to 1, got 0\.8, 0\.3, 0\.1"):
        prepare(source, tmp_path / "new", PrepareOptions(merge=True, shares=(0.8, 0.3, 0.1)))


def test_inspect(cli: Run, tmp_path: Path) -> None:
    source = official_like(tmp_path / "official")
    facts = json.loads(cli("data", "inspect", source, "--json").stdout)
    assert facts["splits"]["train"]["label_counts"]["joy"] == 1
    assert facts["splits"]["dev"]["labels_a_row"] == {"mean": 2.0, "max": 2}
    assert facts["splits"]["dev"]["words"]["max"] == 3
    assert facts["splits"]["test"]["labels_without_a_positive"] == list(LABELS[:27])
    assert facts["co_occurrence"][3][4] == facts["co_occurrence"][4][3] == 1
    assert facts["co_occurrence"][3][3] == 2
    assert facts["duplicates"]["dev in train"] == {"same": 1, "nearly": 1}
    assert facts["duplicates"]["test in dev"] == {"same": 0, "nearly": 0}
    shown = cli("data", "inspect", source, "--plots", tmp_path / "plots")
    assert shown.returncode == 0, shown.stderr
    assert "approval, annoyance" in shown.stdout
    assert "Texts that occur again" in shown.stdout
    for name in ("label-counts", "co-occurrence", "lengths"):
        assert (tmp_path / "plots" / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_commands(cli: Run, tmp_path: Path) -> None:
    table(tmp_path / "names.csv", "names.csv")
    arguments = [
        "--text-column",
        "comment",
        "--labels-column",
        "tags",
        "--separator",
        ";",
        "--output",
        tmp_path / "out",
    ]
    done = cli("data", "prepare", tmp_path / "names.csv", *arguments, "--shares", "0.5,0.25,0.25", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["labels"] == 3
    wrong = cli("data", "prepare", tmp_path / "names.csv", *arguments, "--shares", "0.5")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    missing = cli("data", "prepare", tmp_path / "none", "--output", tmp_path / "out2")
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)


@pytest.mark.slow
def test_the_official_corpus_split_again(official: Callable[[str], Split], tmp_path: Path) -> None:
    source = Path(os.environ["GOEMOTIONS_DATA"]) / "goemotions"
    given = prepare(source, tmp_path / "given", PrepareOptions())
    assert given["near_duplicates"]["test in train"] >= 42
    for name in ("train", "dev", "test"):
        assert (tmp_path / "given" / f"{name}.tsv").read_bytes() == (source / f"{name}.tsv").read_bytes()
    described = prepare(source, tmp_path / "new", PrepareOptions(merge=True))
    assert set(described["near_duplicates"].values()) == {0}
    splits = read_corpus(tmp_path / "new").splits
    total = sum(split.targets.sum(0, dtype=int) for split in splits.values())
    assert np.abs(splits["test"].targets.sum(0, dtype=int) - 0.1 * total).max() <= 5
