from collections.abc import Callable
from pathlib import Path

import pytest

from goemotions.data.corpus import Split, read_split, seen_in
from goemotions.errors import DataError


def write(path: Path, content: str) -> Path:
    path.write_bytes(content.encode())
    return path


def test_reads_what_csv_and_splitlines_would_not(tmp_path: Path) -> None:
    text = 'a "quoted\u2028 text\x85'
    split = read_split(write(tmp_path / "train.tsv", f"{text}\t0,27\tid1\nnext\t3\tid2\n"))
    assert split.texts == [text, "next"]
    assert split.ids == ["id1", "id2"]
    assert split.targets.shape == (2, 28)
    assert split.targets[0].nonzero()[0].tolist() == [0, 27]
    assert split.targets[1].nonzero()[0].tolist() == [3]


@pytest.mark.parametrize("line", ["no tabs", "a\tx\tid", "a\t28\tid", "a\t-1\tid"])
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(DataError, match="line 2"):
        read_split(write(tmp_path / "train.tsv", f"fine\t1\tid\n{line}\n"))


def test_a_missing_file_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="official GoEmotions split"):
        read_split(tmp_path / "train.tsv")


def test_official_sizes_and_duplicates(official: Callable[[str], Split]) -> None:
    train, dev, test = official("train"), official("dev"), official("test")
    assert (len(train), len(dev), len(test)) == (43_410, 5_426, 5_427)
    assert seen_in(test, train).sum() == 42
    assert seen_in(dev, train).sum() == 49
    assert seen_in(test, dev).sum() == 14
