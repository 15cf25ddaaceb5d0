"""Jobs on a real cluster of three nodes on this machine: equal to the local engine, every row once, on disks and S3."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from conftest import Run
from loopback import FILES, ROWS, Bucket, results, write_files
from ray.cluster_utils import Cluster

from goemotions import EmotionClassifier
from goemotions.batch.cluster import ClusterOptions, predict_dataset
from goemotions.batch.job import predict_table
from goemotions.errors import DataError
from goemotions.grouping import Grouping
from goemotions.predictions import PredictOptions

ROOT = Path(__file__).parent.parent.parent
SMALL = ClusterOptions(fragment_rows=150)


def local(classifier: EmotionClassifier, source: Path, folder: Path) -> pa.Table:
    """What the local engine makes of the same files."""
    folder.mkdir()
    for path in sorted(source.glob("*.parquet")):
        predict_table(classifier, path, "text", folder / path.name, PredictOptions(all_scores=True))
    return pa.concat_tables([pq.read_table(path) for path in sorted(folder.glob("*.parquet"))])


def check_equal(got: pa.Table, expected: pa.Table) -> None:
    """The same rows in the same order, with scores equal to 2e-3."""
    assert got.column_names == expected.column_names
    given = [name for name in got.column_names if not name.startswith(("score_", "emotions"))]
    assert got.select(given).equals(expected.select(given))
    for name in (name for name in got.column_names if name.startswith("score_")):
        difference = pa.compute.subtract(got[name], expected[name])
        assert pa.compute.max(pa.compute.abs(difference)).as_py() <= 2e-3
    labels = [[[found["label"] for found in row] for row in table["emotions"].to_pylist()] for table in (got, expected)]
    assert sum(a != b for a, b in zip(*labels, strict=True)) <= len(labels[0]) / 1000


def test_equal_to_the_local_engine_and_done_once(
    cluster: Cluster, classifier: EmotionClassifier, source: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    options, grouping = PredictOptions(all_scores=True), Grouping("forum", "written")

    def run() -> int:
        report = predict_dataset(str(source), str(output), options=options, grouping=grouping, cluster=SMALL)
        assert (report.tally.rows, report.tally.dead, report.fragments) == (FILES * ROWS, 0, 18)
        assert not report.failed
        return report.resumed

    assert run() == 0
    expected = local(classifier, source, tmp_path / "local")
    check_equal(results(output), expected)
    # Readers of data sets see the results alone.
    assert pq.read_table(output).num_rows == FILES * ROWS

    counts = pyarrow.csv.read_csv(output / "_job" / "counts.csv").to_pylist()
    assert len(counts) == 28 * 2 * 3
    assert sum(row["rows"] for row in counts if row["label"] == "love") == FILES * ROWS
    labels = [found["label"] for row in expected["emotions"].to_pylist() for found in row]
    summary = json.loads((output / "_job" / "summary.json").read_text())
    for label in ("love", "anger", "neutral"):
        assert sum(row["rows_with_label"] for row in counts if row["label"] == label) == labels.count(label)
        assert summary["labels"][label]["rows"] == labels.count(label)
    assert (output / "_job" / "shares.png").read_bytes()[:4] == b"\x89PNG"

    before = {path: path.stat().st_mtime_ns for path in output.glob("part-*")}
    assert run() == 18
    (output / "part-000000004.parquet").unlink()
    assert run() == 17
    after = {path: path.stat().st_mtime_ns for path in output.glob("part-*")}
    assert [path.name for path in before if before[path] != after[path]] == ["part-000000004.parquet"]
    check_equal(results(output), expected)
    with pytest.raises(DataError, match="another options"):
        predict_dataset(str(source), str(output), cluster=SMALL, grouping=grouping)


@pytest.mark.slow
def test_the_report_of_a_job_is_that_of_its_texts(cluster: Cluster, cli: Run, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "in", 2, 200)
    table = pa.concat_tables([pq.read_table(path) for path in sorted(folder.glob("*.parquet"))])
    pq.write_table(table, tmp_path / "one.parquet")
    without = pa.array([None, " "], table["text"].type)
    odd = table.slice(0, 2).set_column(table.column_names.index("text"), "text", without)  # these are left out
    pq.write_table(odd, folder / "odd.parquet")
    output = tmp_path / "out"
    command = ["batch", "--address", cluster.address, "--input", folder, "--output", output, "--fragment-rows", 150]
    command += ["--group-by", "forum", "--time-column", "written", "--report", "--prefix=ge_"]
    done = cli(*command)
    assert done.returncode == 0, done.stderr
    assert f"report in {output}/_job/report.html" in done.stderr
    here = cli("report", tmp_path / "one.parquet", "--by", "forum", "--time", "written", "-o", tmp_path / "here.html")
    assert here.returncode == 0, here.stderr
    got, expected = (json.loads(path.read_text()) for path in (output / "_job" / "report.json", tmp_path / "here.json"))
    assert "ge_score_joy" in pq.read_schema(output / "part-000000000.parquet").names
    assert got["estimates"]["labels"]["blank"] == 2
    for view in ("labels", "ekman", "sentiment"):
        for mine, theirs in zip(*(report["estimates"][view]["shares"] for report in (got, expected)), strict=True):
            assert [mine[key] for key in ("label", "group", "period", "rows")] == [
                theirs[key] for key in ("label", "group", "period", "rows")
            ]
            assert mine["share"] == pytest.approx(theirs["share"], abs=1e-4)
    assert got["given"] == expected["given"]
    assert [word["word"] for word in got["words"]["gratitude"]] == [
        word["word"] for word in expected["words"]["gratitude"]
    ]
    assert "<h2" in (output / "_job" / "report.html").read_text()


def test_an_output_inside_the_input_is_no_input(cluster: Cluster, source: Path, tmp_path: Path) -> None:
    shutil.copy(source / "in-00000.parquet", tmp_path)
    for resumed in (0, 1):
        report = predict_dataset(str(tmp_path), str(tmp_path / "out"))
        assert (report.tally.rows, report.resumed, report.new_files) == (ROWS, resumed, 0)


def test_driver_killed_and_the_same_command_again(
    cluster: Cluster, classifier: EmotionClassifier, source: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    command = [sys.executable, "-m", "goemotions", "batch", "--address", cluster.address]
    command += ["--input", f"{source}/*.parquet", "--output", str(output), "--fragment-rows", "40", "--all-scores"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while len(list(output.glob("part-*"))) < 5:
        assert process.poll() is None, "finished before it could be killed"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(1)  # until its actors have gone too
    kept = {path: path.stat().st_mtime_ns for path in output.glob("part-*")}
    assert 5 <= len(kept) < FILES * ROWS / 40
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # Fault 24: not a word of Ray's.
    assert done.stderr == f"{output}: {FILES * ROWS:,} rows in 60 files; summary in {output}/_job\n"
    report = json.loads(done.stdout)
    assert (report["rows"], report["resumed"], report["fragments"]) == (FILES * ROWS, len(kept), FILES * ROWS / 40)
    assert all(path.stat().st_mtime_ns == moment for path, moment in kept.items())
    check_equal(results(output), local(classifier, source, tmp_path / "local"))


def test_bad_rows_and_files_do_not_stop_the_job(cluster: Cluster, cli: Run, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "in", 2, 50)
    binary = pa.array([b"thanks!", b"\xff"], pa.binary())
    column = pa.StringArray.from_buffers(2, binary.buffers()[1], binary.buffers()[2])
    pq.write_table(pa.table({"id": [1, 2], "text": column}), folder / "x.parquet")
    (folder / "broken.parquet").write_bytes(b"PAR1 no")
    arguments = ["batch", "--address", cluster.address, "--input", folder]
    done = cli(*arguments, "--output", tmp_path / "out")
    assert done.returncode == 1
    assert "broken.parquet: not readable as Parquet" in done.stderr
    assert "1 row could not be scored" in done.stderr
    assert done.stderr.splitlines()[-1] == "error: 1 input file is not Parquet"
    assert "101 rows in 2 files" in done.stderr
    (letter,) = pq.read_table(tmp_path / "out" / "_job" / "dead-letters").to_pylist()
    assert (letter["id"], letter["text"], letter["_row"]) == (2, b"\xff", 1)
    assert letter["_file"] == str(folder / "x.parquet")


def test_mistakes(cluster: Cluster, source: Path, tmp_path: Path) -> None:
    outside = str(tmp_path / "out")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    for output, column, grouping, options, message in (
        (outside, "text", Grouping("forums"), SMALL, "no column 'forums'; did you mean 'forum'"),
        (outside, "id", Grouping(), SMALL, "of type int64, expected strings"),
        (outside, "text", Grouping(), ClusterOptions(actor_cpus=8), "none of 3 nodes has the 8 CPUs of one actor"),
        (str(tmp_path / "full"), "text", Grouping(), SMALL, "holds files already"),
    ):
        with pytest.raises(DataError, match=message):
            predict_dataset(str(source), output, column, grouping=grouping, cluster=options)


@pytest.mark.slow
def test_a_model_by_language(cluster: Cluster, tmp_path: Path) -> None:
    """English rows are answered by compact and others by multilingual, as the local engine does."""
    folder = tmp_path / "in"
    folder.mkdir()
    rows = ["Thank you so much for all that you did!", "Grazie mille, sei stata gentilissima!", "정말 고맙습니다", ""]
    pq.write_table(pa.table({"text": rows * 50}), folder / "mixed.parquet")
    options = PredictOptions(all_scores=True, show_language=True)
    report = predict_dataset(str(folder), str(tmp_path / "out"), model="auto", options=options, cluster=SMALL)
    assert (report.tally.rows, report.tally.dead, report.fragments) == (200, 0, 2)
    got = results(tmp_path / "out")
    local_result = tmp_path / "local.parquet"
    predict_table(EmotionClassifier("auto"), folder / "mixed.parquet", "text", local_result, options)
    check_equal(got, pq.read_table(local_result))
    assert got.column("language").to_pylist()[:4] == ["en", "it", "ko", None]
    assert got.column("model").to_pylist()[:4] == ["compact", "multilingual", "multilingual", None]
    assert got.column("thresholds").to_pylist()[:4] == ["en", "rest", "rest", None]


@pytest.mark.slow
def test_an_llm_in_batch(cluster: Cluster, source: Path, tmp_path: Path) -> None:
    """All rows of a fragment go through a layer together, on actors on CPUs; the numbers are the local engine's."""
    fixture = ROOT / "tests" / "fixtures" / "embedding-llm-1"
    load: dict[str, Any] = {"backbone": str(fixture / "base"), "encoder": "use-multilingual-v3", "precision": "float32"}
    few = tmp_path / "in"
    few.mkdir()
    pq.write_table(pq.read_table(source / "in-00000.parquet").slice(0, 24), few / "in.parquet")
    options = PredictOptions(all_scores=True)
    report = predict_dataset(
        str(few),
        str(tmp_path / "out"),
        model=str(fixture / "model"),
        options=options,
        cluster=ClusterOptions(actors=1, actor_cpus=1, fragment_rows=16),
        allow_other_encoder=True,
        **load,
    )
    assert (report.tally.rows, report.fragments) == (24, 2)
    model = EmotionClassifier(fixture / "model", allow_other_encoder=True, **load)
    check_equal(results(tmp_path / "out"), local(model, few, tmp_path / "local"))


def test_dry_run_says_what_it_takes_and_writes_nothing(
    cluster: Cluster, cli: Run, source: Path, tmp_path: Path
) -> None:
    arguments = ["batch", "--address", cluster.address, "--input", source, "--dry-run"]
    arguments += ["--output", tmp_path / "out", "--cpu-price", "0.05", "--fragment-rows", "500"]
    found = json.loads(cli(*arguments, "--json").stdout)
    assert (found["rows"], found["fragments"], found["actors"]["number"]) == (FILES * ROWS, 6, 3)
    assert found["hours"] == pytest.approx(FILES * ROWS / found["texts_per_s"] / 3 / 3600)
    assert found["cost"] == pytest.approx(found["cpu_hours"] * 0.05)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_read_and_written_through_s3(
    bucket: Bucket, cluster: Cluster, classifier: EmotionClassifier, source: Path, tmp_path: Path
) -> None:
    """Fault 20 in an object store too: a part that is gone and one copied over another are made again."""
    for path in sorted(source.glob("*.parquet"))[:2]:
        bucket.client.upload_file(str(path), "bucket", f"in/{path.name}")

    def run() -> tuple[int, int, list[str]]:
        options = PredictOptions(all_scores=True)
        report = predict_dataset(bucket.uri("in/*.parquet"), bucket.uri("out"), options=options, cluster=SMALL)
        return report.tally.rows, report.resumed, list(report.made_again)

    assert run() == (2 * ROWS, 0, [])
    part = "out/part-00000000{}.parquet"
    bucket.client.delete_object(Bucket="bucket", Key=part.format(1))
    bucket.client.copy_object(Bucket="bucket", Key=part.format(2), CopySource=f"bucket/{part.format(4)}")
    assert run() == (2 * ROWS, 4, ["part-000000002.parquet"])
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    names = bucket.names("out/")
    assert "out/_job/summary.json" in names
    for name in (name for name in names if name.startswith("out/part-")):
        bucket.client.download_file("bucket", name, str(fetched / Path(name).name))
    assert len(list(fetched.iterdir())) == 6
    check_equal(results(fetched), local(classifier, source, tmp_path / "local").slice(0, 2 * ROWS))


def test_the_docs_commands_and_code_run(
    cluster: Cluster, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    (tmp_path / "forum").mkdir()
    shutil.copy(source / "in-00000.parquet", tmp_path / "forum")
    lines = [line for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    assert len(lines) == 2
    for line in lines:
        here = line.replace("goemotions batch", f"{sys.executable} -m goemotions batch --address {cluster.address}")
        done = subprocess.run(["bash", "-c", here], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        if "--dry-run" in line:
            assert re.match(rf"{ROWS} rows in 1 fragment\n1 actors of 1 CPUs and 0 GPUs: .* texts/s each", done.stdout)
    assert len(list((tmp_path / "scored").glob("part-*"))) == 1
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(code, {})
    made = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "scaling.py"], capture_output=True, text=True, check=True
    )
    assert made.stdout.strip() == text.split("scaling.py -->\n")[1].split("\n<!-- end")[0].strip()


def test_a_model_that_a_node_cannot_load(cluster: Cluster, source: Path, tmp_path: Path, model_copy: Path) -> None:
    """A graph that is damaged where the driver does not look."""
    (model_copy / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(DataError, match="damaged or not an ONNX model"):
        predict_dataset(str(source), str(tmp_path / "out"), model=str(model_copy), cluster=SMALL)
    assert not list((tmp_path / "out").glob("part-*"))
