"""`goemotions predict` as a user meets it: a process, its two outputs and its exit status."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CARD_TEXTS, Run

from goemotions import LABELS, EmotionClassifier
from goemotions.escaping import for_terminal


def test_plain_lines_in_a_pipe(cli: Run, classifier: EmotionClassifier) -> None:
    done = cli("predict", *CARD_TEXTS)
    assert (done.returncode, done.stderr) == (0, "")
    for line, text, found in zip(done.stdout.splitlines(), CARD_TEXTS, classifier.predict(CARD_TEXTS), strict=True):
        assert line == f"{text}\t" + ", ".join(f"{label} {score:.4f}" for label, score in found.items())


def test_stdin_lines_and_json(cli: Run, classifier: EmotionClassifier) -> None:
    texts = [*CARD_TEXTS, "", "tab\tinside", "ünïcödé 😀"] * 200
    done = cli("predict", "--json", "--all-scores", stdin="\n".join(texts) + "\n")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["text"] for row in rows] == texts
    for row, found in zip(rows, classifier.predict(texts), strict=True):
        assert {item["label"]: item["score"] for item in row["emotions"]} == pytest.approx(found, abs=1.1e-4)
        assert set(row["scores"]) == set(LABELS)
        assert row["truncated"] is False


def test_nothing_found_names_the_nearest(cli: Run) -> None:
    done = cli("predict", "--threshold", "0.999", "Thank you!")
    assert "nothing above its threshold (nearest: gratitude 0.9" in done.stdout
    fear = "I feel a bit nervous about the presentation tomorrow."
    assert "nervousness" in cli("predict", fear).stdout
    reliable = cli("predict", "--reliable-only", fear).stdout
    assert "nothing above its threshold (nearest: " in reliable
    assert "nervousness" not in reliable
    assert "fear" not in reliable


def test_thresholds_on_the_command_line(cli: Run) -> None:
    done = cli("predict", "--json", "-t", "0", "-t", "joy=1", "--top-k", "27", "hello")
    labels = [item["label"] for item in json.loads(done.stdout)["emotions"]]
    assert set(labels) == set(LABELS) - {"joy"}
    reliable = cli("predict", "--json", "-t", "0", "--reliable-only", "hello")
    assert "grief" not in reliable.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["-t", "1.5", "hi"], 2, "threshold must be from 0 to 1, got 1.5"),
        (["-t", "high", "hi"], 2, "expected a number or label=number"),
        (["-t", "greif=0.5", "hi"], 2, "did you mean 'grief'"),
        (["--input", "x.csv"], 2, "--input and --output go together"),
        (["--resume", "hi"], 2, "--resume goes with"),
        (["--text-column", "body", "hi"], 2, "--text-column goes with --input"),
        (["hi", "--input", "a.csv", "--output", "b.csv"], 2, "not both"),
        (["--no-such-option"], 2, "No such option"),
        (["--top-k", "0", "hi"], 2, "0 is not in the range x>=1"),
        (["--input", "none.csv", "--output", "b.csv"], 1, "no file none.csv"),
        (["--model", "compcat", "hi"], 1, "did you mean 'compact'"),
        (["--device", "cuda", "hi"], 1, "device must be"),
    ],
)
def test_mistakes(cli: Run, arguments: list[str], code: int, message: str) -> None:
    done = cli("predict", *arguments)
    assert done.returncode == code
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_name_of_a_file_is_no_text(cli: Run, tmp_path: Path) -> None:
    """Fault 5: `goemotions predict reviews.csv` scored the file's name."""
    for name in ("reviews.csv", "lines.txt", "joy"):
        (tmp_path / name).write_text("text\nhi\n")
    refused = cli("predict", "hello", "reviews.csv", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "its texts are read with --input reviews.csv --output OUTPUT.csv" in refused.stderr
    refused = cli("predict", "lines.txt", cwd=tmp_path)
    assert "goemotions predict < lines.txt" in refused.stderr
    word = cli("predict", "joy", cwd=tmp_path)
    assert word.returncode == 0
    assert "'joy' is scored as a text; it is also the name of a file here" in word.stderr


def test_bad_bytes_on_stdin_come_after_what_was_good(cli: Run) -> None:
    done = cli("predict", stdin=b"Thank you!\nbad \xff\n")
    assert done.returncode == 1
    assert done.stdout.startswith("Thank you!\tgratitude")
    assert "standard input, line 2: not UTF-8" in done.stderr


def test_a_long_text_is_counted(cli: Run) -> None:
    assert "1 text was longer" in cli("predict", "word " * 300).stderr
    assert cli("predict", "--long-text", "windows", "word " * 300).stderr == ""


def test_a_closed_pipe_ends_quietly() -> None:
    script = (
        f"yes 'thank you' | head -n 5000 | {sys.executable} -m goemotions predict | head -n 1; echo ${{PIPESTATUS[2]}}"
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.startswith("thank you\t")
    assert done.stdout.splitlines()[-1] == "141"  # as shells report SIGPIPE
    assert done.stderr == ""


def test_help_into_a_closed_pipe_ends_quietly() -> None:
    script = f"{sys.executable} -m goemotions --help | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("141\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_on_stdout() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "goemotions", "predict", "thanks"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error: No space left on device")
    assert done.stderr.count("\n") == 1


def test_bars_on_a_terminal() -> None:
    controller, terminal = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100"}
    command = [sys.executable, "-m", "goemotions", "predict", "Thank you!", "-t", "0.5"]
    subprocess.run(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment, check=True)
    os.close(terminal)
    shown = os.read(controller, 65536).decode()
    os.close(controller)
    assert "█" in shown
    assert "gratitude" in shown
    assert "\x1b[32m" in shown  # gratitude is a positive emotion: green


def test_a_text_does_not_steer_the_terminal() -> None:
    assert for_terminal("a\x1b[31m b\ud800\tc\u200d😀") == "a\\u001b[31m b\\ud800\tc\u200d😀"


def test_a_blank_text_is_said_to_be_none(cli: Run) -> None:
    done = cli("predict", stdin="\ufeffthanks!\n \n")
    first, second = done.stdout.splitlines()
    assert first.startswith("thanks!\tgratitude")
    assert second.strip() == "no text"
