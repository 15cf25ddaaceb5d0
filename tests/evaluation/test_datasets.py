"""Labelled files of several forms, label maps, and what is wrong with some."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from goemotions import LABELS
from goemotions.data.tables import Columns
from goemotions.errors import AssumptionWarning, DataError
from goemotions.evaluation.datasets import LabelledTexts, read_labelled
from goemotions.evaluation.label_groups import ROLL_UPS, pool, read_label_map, shipped_maps

FIVE = ("anger", "fear", "joy", "sadness", "surprise")


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_official_tsv(tmp_path: Path) -> None:
    found = read_labelled(write(tmp_path / "a.tsv", 'say "hi"\t2,14\tid1\nno\u2028break\t27\tid2\n'), LABELS)
    assert found.texts == ['say "hi"', "no\u2028break"]
    assert found.ids == ["id1", "id2"]
    assert found.targets.sum() == 3
    assert found.targets[0, [2, 14]].all()
    without_ids = read_labelled(write(tmp_path / "b.tsv", "안녕\t0\n좋아\t17\n"), LABELS)
    assert without_ids.ids == ["1", "2"]


@pytest.mark.filterwarnings("ignore::goemotions.errors.AssumptionWarning")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", 'text\tlabels\n"hm\tanger,fear\nfine\t\n'),
        ("a.csv", 'text,labels\n"""hm","anger, fear"\nfine,\n'),
        ("a.csv", 'text,labels\n"""hm",anger|fear\nfine,\n'),
        ("a.csv", 'text,labels\n"""hm","[\'anger\', \'fear\']"\nfine,[]\n'),
        ("a.csv", '\ufeffid,text,anger,fear,joy,sadness,surprise\r\n1,"""hm",1,1,0,0,0\r\n2,fine,0,0,0,0,0\r\n'),
        ("a.jsonl", '{"text": "\\"hm", "labels": ["anger", "fear"]}\n\n{"text": "fine", "labels": []}\n'),
    ],
)
def test_tables(tmp_path: Path, name: str, content: str) -> None:
    found = read_labelled(write(tmp_path / name, content), FIVE, absent_ok=True)
    assert found.texts == ['"hm', "fine"]
    assert found.labels == FIVE
    assert found.targets.tolist() == [[1, 1, 0, 0, 0], [0, 0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("no,review,mood\n1,hm,anger/fear\n2,fine,\n", Columns("review", "mood", separator="/")),
        ("id,review,anger,fear,joy,sadness,surprise\n1,hm,1,1,0,0,0\n2,fine,0,0,0,0,0\n", Columns("review")),
        ("review,anger,note,fear\nhm,1,x,1\nfine,0,,0\n", Columns("review", each=("anger", "fear"))),
    ],
)
def test_other_columns(tmp_path: Path, content: str, columns: Columns) -> None:
    """`evaluate` and `tune` knew the columns text and labels alone."""
    for name, text in {"a.csv": content, "a.tsv": content.replace(",", "\t")}.items():
        found = read_labelled(write(tmp_path / name, text), FIVE, absent_ok=True, columns=columns)
        assert found.texts == ["hm", "fine"]
        assert found.targets.tolist() == [[1, 1, 0, 0, 0], [0, 0, 0, 0, 0]]
    with pytest.raises(DataError, match="has no column 'mood'"):
        read_labelled(write(tmp_path / "b.csv", "review,label\nhm,joy\n"), FIVE, columns=Columns("review", "mood"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", " \n", "is empty"),
        ("a.csv", "text,labels\n", "no rows"),
        ("a.csv", "comment,labels\nhi,joy\n", "has no column 'text'; columns: comment, labels"),
        ("a.csv", "text,labels\nhi,joy\nhi\n", "row 2: 1 cell, but the header has 2"),
        ("a.csv", "text,labels\nhi,happiness\n", "labels unknown to the model: happiness; a label map"),
        ("a.csv", "text,labels\nhi,Anger\n", r"labels unknown to the model: Anger \(is it anger\?\); a label map"),
        ("a.csv", "text,joy\nhi,1\n", "never has anger, fear, sadness, surprise, labels of the model"),
        ("a.csv", "text,joy\nhi,often\n", "row 1: 'joy' must be 0 or 1, got 'often'"),
        ("a.csv", "text,id\nhi,7\n", "no labels"),
        ("a.tsv", "hi\tjoy\tid\n", "line 1: expected text, label ids"),
        ("a.tsv", "hi\t28\tid\n", "label ids must be 0 to 27"),
        ("a.jsonl", "{\n", "line 1: not JSON"),
        ("a.jsonl", "[1]\n", "line 1: expected an object"),
        ("a.txt", "hello\n", "expected an official GoEmotions TSV"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, name: str, content: str, message: str) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(DataError, match=message):
        read_labelled(path, LABELS if name == "a.tsv" else FIVE)
    with pytest.raises(DataError, match="no file"):
        read_labelled(tmp_path / "none.csv", FIVE)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,labels\nhi,joy|fear\n", r"a.csv: | is taken to separate labels"),
        ("text,labels\nhi,joy\n ,fear\n,joy\n", "a.csv: 2 rows have no text and are left out"),
        ("text,joy,fear\nhi,1,\n", "a.csv: 1 empty cell of a 0/1 column is read as 0"),
        ('text,labels\nhi,"2,17"\n', "a.csv: labels by number are read as those of GoEmotions"),
    ],
)
def test_what_is_assumed_is_said(tmp_path: Path, content: str, message: str) -> None:
    """Fault 5: 12 labels for 5, in a column separated by |, passed without a word."""
    with pytest.warns(AssumptionWarning, match=message.replace("|", r"\|")):
        read_labelled(write(tmp_path / "a.csv", content), LABELS, absent_ok=True)


def test_two_separators_are_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,labels\nhi,joy|fear\nho,anger;joy\n")
    with pytest.raises(DataError, match=r"labels are separated by ; and \|: use one"):
        read_labelled(path, FIVE)


def test_a_map_of_labels(tmp_path: Path) -> None:
    content = {"rule": "any", "labels": {"good": ["joy", "surprise"], "bad": ["anger"]}, "ignored": ["odd"]}
    found = read_label_map(str(write(tmp_path / "m.json", json.dumps(content))), FIVE)
    yaml = "rule: any\nlabels:\n  good: [joy, surprise]\n  bad: [anger]\nignored: [odd]\n"
    assert read_label_map(str(write(tmp_path / "m.yaml", yaml)), FIVE).groups == found.groups
    path = write(tmp_path / "a.csv", 'text,labels\nhi,"good,odd"\nho,bad\n')
    read = read_labelled(path, FIVE, found)
    assert isinstance(read, LabelledTexts)
    assert read.labels == ("good", "bad")
    assert read.targets.tolist() == [[1, 0], [0, 1]]
    probabilities = np.array([[0.1, 0, 0.3, 0, 0.7]])
    assert pool(probabilities, FIVE, found.groups).tolist() == [[0.7, 0.1]]
    assert pool(probabilities >= 0.3, FIVE, found.groups).tolist() == [[True, False]]
    with pytest.raises(DataError, match="unknown to the label map: ugly"):
        read_labelled(write(path, "text,labels\nhi,ugly\n"), FIVE, found)
    with pytest.raises(DataError, match="never has bad, labels of the label map"):
        read_labelled(write(path, "text,labels\nhi,good\n"), FIVE, found)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"labels": {"a": ["joy"]}}', "states its rule"),
        ('{"rule": "any", "labels": {"a": []}}', "at least one"),
        ('{"rule": "any", "labels": {"a": "joy"}}', "labels.a: expected a list, got 'joy'"),
        ('{"rule": "any", "labels": {"a": ["joy"]}, "ignored": 5}', "ignored: expected a list, got '5'"),
        ('{"rule": "any"}', "it lacks the key 'labels'"),
        ('{"rule": "any", "labels": {"a": ["joi"]}}', "'joi', which is no label of the model; did you mean 'joy'"),
        ("{", "not valid JSON"),
        ("[]", "expected an object"),
    ],
)
def test_a_wrong_map(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_label_map(str(write(tmp_path / "m.json", content)), FIVE)
    with pytest.raises(DataError, match="nor one of brighter, dailydialog, ekman, plutchik"):
        read_label_map(str(tmp_path / "none.json"), FIVE)
    with pytest.raises(DataError, match="not valid YAML"):
        read_label_map(str(write(tmp_path / "m.yaml", "a: [b")), FIVE)


@pytest.mark.parametrize("name", shipped_maps())
def test_shipped_maps_are_of_the_28(name: str) -> None:
    found = read_label_map(name, LABELS)
    assert found.about
    assert {member for members in found.groups.values() for member in members} <= set(LABELS) - {"neutral"}


def test_roll_ups_cover_every_label() -> None:
    for groups in ROLL_UPS.values():
        assert sorted(member for members in groups.values() for member in members) == sorted(LABELS)
