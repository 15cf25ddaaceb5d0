"""The parts of the cluster engine that need no cluster: how inputs are found, cut, read, scored and counted."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from goemotions import EmotionClassifier
from goemotions.batch.cluster.fragments import Footer, Fragment, Piece, cut, read_footers, read_fragments, read_together
from goemotions.batch.cluster.plan import make_plan
from goemotions.batch.cluster.run import make_work
from goemotions.batch.cluster.score import Work, job_file, score_fragment, write_result
from goemotions.batch.cluster.sealed import Seal, check_whole
from goemotions.batch.cluster.storage import Listed, find_files, open_location
from goemotions.batch.cluster.tally import count_cells
from goemotions.errors import DataError
from goemotions.grouping import UNKNOWN, Grouping
from goemotions.predictions import PredictOptions


def write(path: Path, rows: int, first: int = 0, row_group: int | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    ids = list(range(first, first + rows))
    table = pa.table({"id": ids, "text": [f"text {i}" for i in ids]})
    pq.write_table(table, path, row_group_size=row_group or max(1, rows))
    return path


def test_files_are_found_by_name_folder_and_pattern(tmp_path: Path) -> None:
    for name in ("a/1.parquet", "a/b/2.parquet", "a/_tmp/3.parquet", "a/.4.parquet", "a/5.csv", "c/6.parquet"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    def found(uri: str) -> list[str]:
        return [str(Path(file.path).relative_to(tmp_path)) for file in find_files(str(tmp_path / uri))[1]]

    assert found("a/1.parquet") == ["a/1.parquet"]
    assert found("a") == ["a/1.parquet", "a/b/2.parquet"]
    assert found("a/*.parquet") == ["a/1.parquet"]
    assert found("**/*.parquet") == ["a/1.parquet", "a/b/2.parquet", "c/6.parquet"]
    assert found("*/6.p*") == ["c/6.parquet"]
    with pytest.raises(DataError, match="no file"):
        found("none")
    with pytest.raises(DataError, match="nosuch://x: cannot be opened"):
        open_location("nosuch://x")


def test_fragments_hold_every_row_once_within_bounds() -> None:
    def footer(name: str, *groups: tuple[int, int], schema: str = "s") -> Footer:
        return Footer(Listed(name, 1, 1), groups, schema)

    footers = [
        footer("small1", (3, 30)),
        footer("small2", (4, 40)),
        footer("large", (10, 100), (25, 250), (2, 20)),
        footer("heavy", (6, 6_000)),
        footer("one", (1, 9_000)),
        footer("other", (1, 10), schema="t"),
        footer("none"),
    ]
    made = list(cut(footers, fragment_rows=10, fragment_bytes=2_000))
    assert [fragment.number for fragment in made] == list(range(len(made)))
    assert [fragment.rows for fragment in made] == [7, 10, 10, 10, 5, 2, 2, 2, 2, 1, 1]
    rows = [(p.path, p.row_group, row) for fragment in made for p in fragment.pieces for row in range(p.start, p.stop)]
    expected = [(f.file.path, g, row) for f in footers for g, (n, _) in enumerate(f.row_groups) for row in range(n)]
    assert rows == expected
    assert [len(group) for group in read_together(made)] == [1, 1, 3, 1, 3, 1, 1]


def test_many_small_files_share_a_fragment_but_not_too_many() -> None:
    footers = [Footer(Listed(str(i), 1, 1), ((1, 10),), "s") for i in range(5000)]
    assert [fragment.rows for fragment in cut(footers, 16_384)] == [1024] * 4 + [904]


def test_what_is_read_is_what_was_cut(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", 25, row_group=1000)
    write(tmp_path / "b.parquet", 8, first=25, row_group=3)
    write(tmp_path / "c.parquet", 1, first=33)
    location, files = find_files(str(tmp_path))
    made = list(cut(read_footers(location, files, "text", [], Grouping()), fragment_rows=7))
    ids = [table["id"].to_pylist() for group in read_together(made) for _, table in read_fragments(location, group)]
    assert [row for part in ids for row in part] == list(range(34))
    assert [len(part) for part in ids] == [fragment.rows for fragment in made] == [7, 7, 7, 4, 6, 3]
    last_two = [fragment for fragment in made if fragment.partial][2:]
    assert [table["id"].to_pylist() for _, table in read_fragments(location, last_two)] == ids[2:4]


def test_a_result_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    location = open_location(str(tmp_path / "out"))
    location.make_folder("_job")
    location.write("a/b.bin", b"old")
    location.write("a/b.bin", b"new")
    with pytest.raises(TypeError):
        location.write("a/b.bin", "not bytes")
    assert location.read("a/b.bin") == b"new"
    assert location.read("a/none") is None
    assert [path.name for path in (tmp_path / "out" / "a").iterdir()] == ["b.bin"]
    location.sweep()
    assert not (tmp_path / "out" / "_job" / "unfinished").exists()


def work(**changes: object) -> Work:
    values = {"source": "in", "output": "out", "text_column": "text", "model": None, "model_sha256": ""}
    return Work(**{**values, "options": PredictOptions(), "grouping": Grouping(), **changes})  # type: ignore[arg-type]


def test_rows_that_are_not_utf8_become_dead_letters(classifier: EmotionClassifier, tmp_path: Path) -> None:
    binary = pa.array([b"thank you", b"\xff\xfe", None, b"ok \xe9 then", b"I love it"], pa.binary())
    column = pa.StringArray.from_buffers(5, binary.buffers()[1], binary.buffers()[2], binary.buffers()[0])
    table = pa.table({"id": range(5), "text": column})
    job = work(output=str(tmp_path), options=PredictOptions(all_scores=True), job="0" * 64)
    scored = score_fragment(classifier, table, job)
    result, dead, tally = scored.result, scored.dead, scored.tally
    assert result["id"].to_pylist() == [0, 2, 4]
    assert [[found["label"] for found in row] for row in result["emotions"].to_pylist()] == [
        ["gratitude"],
        [],
        ["love"],
    ]
    assert result["score_love"].to_pylist()[1] is None
    assert dead["id"].to_pylist() == [1, 3]
    assert dead["text"].to_pylist() == [b"\xff\xfe", b"ok \xe9 then"]
    assert dead["_reason"].to_pylist()[1] == "byte 0xe9 at position 3 is not UTF-8"
    assert (tally.rows, tally.dead, tally.null_texts) == (3, 2, 1)
    pieces = (Piece("x.parquet", 0, 0, 2), Piece("y.parquet", 4, 10, 13))
    with pytest.raises(DataError, match="was removed or replaced while its job ran"):
        write_result(job, Fragment(7, pieces, False), scored)
    output = open_location(str(tmp_path))
    output.make_folder("_job")
    output.write(job_file(job.job), b"{}")
    write_result(job, Fragment(7, pieces, False), scored)
    letters = pq.read_table(tmp_path / "_job/dead-letters/part-000000007.parquet").to_pylist()
    places = [(letter["_file"], letter["_row_group"], letter["_row"]) for letter in letters]
    assert places == [("x.parquet", 0, 1), ("y.parquet", 4, 11)]
    seal = check_whole(pa.py_buffer((tmp_path / "part-000000007.parquet").read_bytes()))
    assert seal == Seal(job.job, 7, 3, tally)


def test_a_text_that_the_model_cannot_score_costs_only_its_row(model_copy: Path) -> None:
    """A tokenizer with a word that the network's vocabulary lacks: onnxruntime refuses every batch with it."""
    tokenizer = json.loads((model_copy / "tokenizer.json").read_text(encoding="utf-8"))
    word = {"id": 99_999, "content": "xyzzy", "special": False, "normalized": False, "single_word": False}
    tokenizer["added_tokens"].append(word | {"lstrip": False, "rstrip": False})
    (model_copy / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    broken = EmotionClassifier(model_copy)
    texts = [f"I love number {i}" + (" xyzzy" if i in (3, 70) else "") for i in range(100)]
    scored = score_fragment(broken, pa.table({"text": texts, "id": range(100)}), work())
    result, dead, tally = scored.result, scored.dead, scored.tally
    told = score_fragment(broken, pa.table({"text": texts}), work(options=PredictOptions(show_language=True))).result
    assert told["language"].to_pylist() == ["en"] * 98
    assert dead["id"].to_pylist() == [3, 70]
    assert all("indices" in reason for reason in dead["_reason"].to_pylist())
    assert (tally.rows, tally.dead) == (98, 2)
    assert result["id"].to_pylist() == [i for i in range(100) if i not in (3, 70)]
    assert all(row[0]["label"] == "love" for row in result["emotions"].to_pylist())


def test_a_model_that_can_score_nothing_is_not_the_rows_fault(model_copy: Path) -> None:
    tokenizer = json.loads((model_copy / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["model"]["vocab"] = {word: index + 99_999 for word, index in tokenizer["model"]["vocab"].items()}
    (model_copy / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    with pytest.raises(Exception, match=r"indices|INVALID_ARGUMENT"):
        score_fragment(EmotionClassifier(model_copy), pa.table({"text": ["a", "b"]}), work())


def test_counts_by_group_and_period() -> None:
    emotions = [[{"label": "joy", "score": 0.9}], [], [{"label": "joy", "score": 0.5}, {"label": "love", "score": 0.4}]]
    times = {
        "strings": ["2026-01-31T23:00:00", "nonsense", "2026-02-01"],
        "months": ["2026-01", "31/31/26", "2026-02"],
        "slashes": ["1/31/2026 11:00 PM", "31/1/2026", "02/01/2026"],
        "numbers": ["1769900400", "", "1769904000.5"],
        "seconds": [1769900400, None, 1769904000],
        "stamps": pa.array([1769900400, None, 1769904000], pa.timestamp("s")).cast(pa.timestamp("us", "UTC")),
        "dates": pa.array([1769900400, None, 1769904000], pa.timestamp("s")).cast(pa.date32()),
    }
    table = pa.table({**times, "group": [1, None, 1]})
    for name in times:
        unit = "s" if name in ("seconds", "numbers") else None
        cells = count_cells(table, emotions, Grouping("group", name, "month", unit, month_first=True))
        assert cells == {
            ("2026-01", "1"): {"rows": 1, "joy": 1},
            (UNKNOWN, UNKNOWN): {"rows": 1},
            ("2026-02", "1"): {"rows": 1, "joy": 1, "love": 1},
        }, name
    assert count_cells(table, emotions, Grouping()) == {("", ""): {"rows": 3, "joy": 2, "love": 1}}
    with pytest.raises(ValueError, match="day, month, year"):
        Grouping(period="week")


def test_new_columns_have_a_prefix(classifier: EmotionClassifier, tmp_path: Path) -> None:
    """A table that was scored before could not be scored again."""
    table = pa.table({"text": ["thank you"], "emotions": ["gratitude"], "score_joy": [0.1]})
    pq.write_table(table, tmp_path / "scored.parquet")
    options = PredictOptions(all_scores=True)
    again = make_work(str(tmp_path / "scored.parquet"), str(tmp_path / "out"), options=options)[0]
    with pytest.raises(DataError, match=r"emotions, score_joy; rename them, or give .*: --prefix TEXT"):
        make_plan(again, classifier.labels, 10)
    named = replace(again, prefix="v2_")
    assert make_plan(named, classifier.labels, 10).fragments
    result = score_fragment(classifier, table, named).result
    assert result.column_names[:5] == ["text", "emotions", "score_joy", "v2_emotions", "v2_truncated"]
    assert result["emotions"].to_pylist() == ["gratitude"]
    assert result["v2_emotions"].to_pylist()[0][0]["label"] == "gratitude"


def test_without_ray_the_error_says_what_to_install() -> None:
    code = "import sys; sys.modules['ray'] = None\nfrom goemotions.cli.app import main; main()"
    arguments = ["batch", "--input", "in", "--output", "out"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.fullmatch(r'error: goemotions batch needs an optional part: pip install .*\[ray\]"\n', done.stderr)
