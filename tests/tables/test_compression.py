"""Compressed tables: bombs are refused, the same bytes are written each time, and other programs read them."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import pyarrow.csv
import pytest
from table_rows import many_rows, read_rows, score, write_rows

from goemotions import EmotionClassifier
from goemotions.errors import DataError
from goemotions.tables.compression import COMPRESSIONS, FREE_BYTES, Stream, Writing
from goemotions.tables.formats import open_table


@pytest.mark.parametrize("ending", COMPRESSIONS)
def test_a_file_that_becomes_too_large_is_refused(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goemotions.tables.compression.FREE_BYTES", FREE_BYTES >> 4)
    path = tmp_path / f"bomb.csv{ending}"
    with Writing(path) as stream:
        stream.write(b"text\n")
        for _ in range(FREE_BYTES // (1 << 24) + 1):
            stream.write(b"a\n" * (1 << 19))
    assert path.stat().st_size * 200 < FREE_BYTES >> 4
    with pytest.raises(DataError, match=r"becomes more than 200 times its size: .* decompress it yourself"):
        open_table(path, "text")


@pytest.mark.parametrize("ending", COMPRESSIONS)
def test_what_is_written_is_the_same_each_time_and_can_be_read(tmp_path: Path, ending: str) -> None:
    first, second = tmp_path / f"one{ending}", tmp_path / f"two{ending}"
    for path in (first, second):
        with Writing(path) as stream:
            stream.write(b"some text\n" * 1000)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().startswith(COMPRESSIONS[ending].signature)
    with Stream(first) as read:
        assert read.plain.read() == b"some text\n" * 1000
        assert read.fraction == 1


def test_other_programs_read_the_output(classifier: EmotionClassifier, tmp_path: Path) -> None:
    rows = many_rows(5000, every=50)
    source, output = write_rows(tmp_path / "in.csv", rows), tmp_path / "out.csv.gz"
    score(classifier, source, output)
    assert pyarrow.csv.read_csv(output).num_rows == 5000
    assert gzip.decompress(output.read_bytes()).startswith(b"id,text,emotions,truncated\r\n")
    if shutil.which("zcat"):
        assert len(subprocess.run(["zcat", output], capture_output=True, check=True).stdout.splitlines()) == 5001
    assert [row["id"] for row in read_rows(output)] == [str(row["id"]) for row in rows]


def test_how_much_is_read_is_known_while_it_is_read(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "in.csv.gz", many_rows(60_000))
    table = open_table(path, "text")
    shares = [table.fraction_read for _ in table.groups()]
    assert shares == sorted(shares)
    assert 0 < shares[3] < 0.5 < shares[-3] <= 1
