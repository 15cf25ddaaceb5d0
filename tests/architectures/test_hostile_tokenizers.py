"""Tokenizers that would take all memory, or end the process, are refused; long texts are read as far as is needed."""

from __future__ import annotations

import base64
import json
import random
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from memory import memory_curve
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from goemotions.architectures.tokens import TextTokenizer
from goemotions.catalog import MODELS
from goemotions.errors import ModelError
from goemotions.long_texts import PREFIX

COMPACT = MODELS / "compact" / "tokenizer.json"


def changed(path: Path, **parts: Any) -> Path:
    """The bundled tokenizer with other parts."""
    path.write_text(json.dumps(json.loads(COMPACT.read_text()) | parts))
    return path


def doubling(times: int) -> dict[str, Any]:
    return {
        "type": "Sequence",
        "normalizers": [{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}] * times,
    }


HOSTILE = {
    "doubling": (doubling(40), "times as long"),
    "nested doubling": ({"type": "Sequence", "normalizers": [doubling(6)] * 2}, "times as long"),
    "charsmap of four bytes": (
        {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(b"\xff\xff\xff\x7f").decode()},
        "precompiled_charsmap has 4 bytes",
    ),
    "charsmap of one long text": (
        {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(bytes(4) + b"a" * 9000 + b"\0").decode()},
        "times as long",
    ),
    "charsmap that is no text": ({"type": "Precompiled", "precompiled_charsmap": 7}, "is not base64"),
    "unknown": ({"type": "Shell"}, "its normalizer is 'Shell'"),
    "without a type": ({"normalizers": []}, "its normalizer is None"),
    "a list": ([], "its normalizer is None"),
}


@pytest.mark.parametrize(("normalizer", "message"), HOSTILE.values(), ids=HOSTILE)
def test_normalizers_without_bound_are_refused(tmp_path: Path, normalizer: Any, message: str) -> None:
    """Fault 16: one of them ended the process, which no ``except`` can catch."""
    with pytest.raises(ModelError, match=message):
        TextTokenizer(changed(tmp_path / "tokenizer.json", normalizer=normalizer))


def test_words_without_bound_are_refused(tmp_path: Path) -> None:
    model = json.loads(COMPACT.read_text())["model"]
    with pytest.raises(ModelError, match="max_input_chars_per_word must be from 0 to 1000, got 1000000000"):
        TextTokenizer(changed(tmp_path / "tokenizer.json", model=model | {"max_input_chars_per_word": 10**9}))


def test_a_panic_is_an_error_of_the_model(tmp_path: Path) -> None:
    """Faults 15 and 16: a panic of ``tokenizers`` is no ``Exception``."""
    split = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": False}
    tokenizer = TextTokenizer(changed(tmp_path / "tokenizer.json", normalizer=None, pre_tokenizer=split))
    with pytest.raises(ModelError, match=r"tokenizer\.json fails on a text") as caught:
        tokenizer.pieces(["a" * 40 + "b"], 16)
    assert isinstance(caught.value.__cause__, BaseException)
    assert "\n" not in str(caught.value)
    assert tokenizer.pieces(["b"], 16).truncated.tolist() == [False]


def texts_of(seed: int, count: int) -> list[str]:
    """Long texts of all that matters to a cut: words, very long ones, punctuation, marks, ideographs, white space."""
    generator = random.Random(seed)
    pieces = [
        *(
            "word ",
            "é",
            "e\u0301",
            " \u0301",
            "中文",
            "。",
            "!?",
            "[SEP]",
            "\n\n",
            "\t",
            "\u00a0",
            "a" * 150,
            "😀",
            "\x1c",
        )
    ]
    rare = [character * (PREFIX + 7) for character in ("b", " ", "\u0301", "中", "\ue000\u00a0")]
    return [
        "".join(generator.choice(rare if generator.random() < 0.0005 else pieces) for _ in range(9000))
        for _ in range(count)
    ]


@pytest.mark.parametrize("windows", [False, True])
def test_long_texts_have_the_tokens_of_the_whole(windows: bool) -> None:
    """Fault 16: a part is read at a time, with the same answer as of the text in one piece."""
    tokenizer = TextTokenizer(COMPACT)
    whole = Tokenizer.from_file(str(COMPACT))
    whole.encode_special_tokens = True
    for text in [*texts_of(1, 6), "a" * 3 * PREFIX, "a " * PREFIX, "-" * 3 * PREFIX + "a", "", "x" * PREFIX + "\ue000"]:
        wanted = whole.encode(text, add_special_tokens=False).ids
        pieces = tokenizer.pieces(["before", text], 128, windows)
        assert pieces.ids[1][1:-1] == wanted[:126]
        assert bool(pieces.truncated[1]) == (len(wanted) > 126 and not windows)
        if windows and len(wanted) > 126:
            assert pieces.ids[-1][1:-1] == wanted[-126:]
            assert len(pieces.ids) == 1 + -(-(len(wanted) - 126) // 63) + 1


@pytest.mark.parametrize("kind", ["metaspace", "byte level", "regex"])
def test_tokenizers_without_known_boundaries_read_a_prefix(tmp_path: Path, kind: str) -> None:
    """Fault 16, for tokenizers whose words may hold white space."""
    splitter = {
        "metaspace": pre_tokenizers.Metaspace(),
        "byte level": pre_tokenizers.ByteLevel(),
        "regex": pre_tokenizers.Split(Regex(r"\w+"), "isolated"),
    }[kind]
    whole = Tokenizer(models.BPE({**{chr(n): n for n in range(33, 400)}, "Ġ": 400, "[A]": 401, "[B]": 402}, []))
    whole.normalizer = normalizers.NFC()
    whole.pre_tokenizer = splitter
    whole.post_processor = processors.TemplateProcessing("[A] $A [B]", None, [("[A]", 401), ("[B]", 402)])
    whole.save(str(tmp_path / "tokenizer.json"))
    text = "It is so good, thank you! " * 4000
    pieces = TextTokenizer(tmp_path / "tokenizer.json").pieces([text], 128)
    assert pieces.ids[0][1:-1] == whole.encode(text, add_special_tokens=False).ids[:126]
    assert pieces.truncated.tolist() == [True]


def test_ten_megabytes_of_text_take_little_memory() -> None:
    """Fault 16: up to 1.7 GB for 128 tokens before."""
    code = (
        "from pathlib import Path; from goemotions.architectures.tokens import TextTokenizer\n"
        f"tokenizer = TextTokenizer(Path({str(COMPACT)!r}))\n"
        "for word in ('so good ', 'a', ' ', '中'): tokenizer.pieces([word * (10_000_000 // len(word))], 128)"
    )
    curve = memory_curve(psutil.Popen([sys.executable, "-c", code]), every=0.01)
    assert max(curve) < 250
