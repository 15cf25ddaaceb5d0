"""``tokenizer.json`` as rules that a browser applies (``static/tokenizer.js``), to the same tokens as the library's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from tokenizers import normalizers, pre_tokenizers

from goemotions.architectures.tokens import TextTokenizer
from goemotions.browser.characters import CODES, SIGNS, as_class, divided, normalised
from goemotions.browser.patterns import to_javascript
from goemotions.errors import ModelError
from goemotions.fields import shown

Rule = dict[str, Any]


FORMS: Mapping[str, type[normalizers.Normalizer]] = {
    "NFC": normalizers.NFC,
    "NFD": normalizers.NFD,
    "NFKC": normalizers.NFKC,
    "NFKD": normalizers.NFKD,
}


BERT_OPTIONS = ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")


def tokenizer_rules(path: Path) -> Rule:
    """Return the rules of a ``tokenizer.json`` that the library reads.

    Raises:
        ModelError: a part that is not known in a browser; it is named.
    """
    tokenizer = TextTokenizer(path)
    raw = json.loads(path.read_text(encoding="utf-8"))
    try:
        added = [token for token in raw.get("added_tokens") or [] if not token.get("special")]
        if added:
            raise ValueError(f"the added token {shown(added[0].get('content'))}, which is no special one")
        return {
            "start": tokenizer.start,
            "end": tokenizer.end,
            "normalizers": [rule for part in parts(raw.get("normalizer"), "normalizers") for rule in _normalizer(part)],
            "splitters": [
                rule for part in parts(raw.get("pre_tokenizer"), "pretokenizers") for rule in _splitter(part)
            ],
            "model": _model(raw["model"]),
        }
    except ValueError as error:
        raise ModelError(
            f"{path} cannot be read in a browser: {error}. Supported are WordPiece and Unigram tokenizers as this "
            "project trains them; goemotions serve serves any model"
        ) from None


def parts(raw: Any, key: str) -> list[Any]:
    """Return a sequence's parts, or the one part there is."""
    if raw is None:
        return []
    return [part for inner in raw[key] for part in parts(inner, key)] if raw.get("type") == "Sequence" else [raw]


def _pattern(raw: Mapping[str, Any]) -> str:
    pattern = raw["pattern"]
    return to_javascript(pattern["Regex"]) if "Regex" in pattern else to_javascript(re.escape(pattern["String"]))


def _normalizer(raw: Mapping[str, Any]) -> list[Rule]:
    kind = raw["type"]
    if kind == "Replace":
        return [{"type": "replace", "pattern": _pattern(raw), "content": raw["content"]}]
    if kind in FORMS:
        return [_form(kind)]
    if kind == "Lowercase":
        return [_map(normalizers.Lowercase())]
    if kind == "BertNormalizer":
        options: dict[str, Any] = {key: raw.get(key) for key in BERT_OPTIONS}
        strips = options["lowercase"] if options["strip_accents"] is None else options["strip_accents"]
        form = [_form("NFD")] if strips else []
        return [*form, _map(normalizers.BertNormalizer(**options), normalizers.NFD() if strips else None)]
    raise ValueError(f"its normalizer {shown(kind)}")


def _form(kind: str) -> Rule:
    """Return the rule of a Unicode form; of characters that the library leaves as they are it says so."""
    made = normalised(FORMS[kind]())
    changed = (code for code, sign, text in zip(CODES, SIGNS, made, strict=True) if text != sign)
    return {"type": "form", "form": kind, "changed": as_class(changed)}


def _map(normalizer: normalizers.Normalizer, after: normalizers.Normalizer | None = None) -> Rule:
    """Return the rule of a normaliser that looks at one character at a time.

    Args:
        after: what is applied before the rule, and is a part of what the normaliser does.
    """
    changes: dict[str, str] = {}
    removed, surrounded = [], []
    before = SIGNS if after is None else normalised(after)
    for sign, there, text in zip(SIGNS, before, normalised(normalizer), strict=True):
        if text == sign or there != sign:
            continue
        if not text:
            removed.append(ord(sign))
        elif text == f" {sign} ":
            surrounded.append(ord(sign))
        else:
            changes[sign] = text
    classes = {"removed": as_class(removed), "surrounded": as_class(surrounded)}
    return {"type": "map", **classes, "changes": changes}


def _splitter(raw: Mapping[str, Any]) -> list[Rule]:
    kind = raw["type"]
    if kind in ("BertPreTokenizer", "WhitespaceSplit"):
        splitter = cast(pre_tokenizers.PreTokenizer, getattr(pre_tokenizers, kind)())
        spaces, alone = divided(splitter.pre_tokenize_str)
        between = {"type": "remove", "pattern": f"{spaces}+"}
        return [between, {"type": "isolate", "pattern": alone}] if kind == "BertPreTokenizer" else [between]
    if kind == "Split" and raw["behavior"] == "Isolated" and not raw.get("invert"):
        return [{"type": "isolate", "pattern": _pattern(raw)}]
    if kind == "Metaspace" and raw.get("prepend_scheme") == "always" and raw.get("split", True):
        return [{"type": "metaspace", "sign": raw["replacement"]}]
    raise ValueError(f"its pre_tokenizer {shown(kind)}, or an option of it")


def _model(raw: Mapping[str, Any]) -> Rule:
    if raw["type"] == "WordPiece":
        ids: dict[str, int] = raw["vocab"]
        pieces: list[str | None] = [None] * (max(ids.values()) + 1)
        spellings: dict[str, int] = {}  # other names of pieces, which stand behind them all
        for piece, number in ids.items():
            if pieces[number] is None:
                pieces[number] = piece
            else:
                spellings[piece] = number
        return {
            "type": "WordPiece",
            "unknown": ids[raw["unk_token"]],
            "prefix": raw["continuing_subword_prefix"],
            "longest_word": raw["max_input_chars_per_word"],
            "pieces": pieces,
            "spellings": spellings,
        }
    if raw["type"] == "Unigram" and not raw.get("byte_fallback"):
        names, scores = zip(*raw["vocab"], strict=True)
        return {"type": "Unigram", "unknown": raw["unk_id"], "pieces": names, "scores": scores}
    raise ValueError(f"its model {shown(raw['type'])}, or an option of it")
