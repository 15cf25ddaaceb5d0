"""Made ``corpus/spellings.tsv``: the misspelt and lengthened forms of common words, which are read as these words.

A form is one slip away from its word: two letters exchanged, one left out, twice, or replaced by one that sounds like
it or lies beside it on the keyboard. Forms that are words themselves, in English or in a neighbouring language, are
left out, and so are those that several words are equally near to and those that would change how another word is taken
to pieces. Words are those that train and ``everyday-en.tsv`` use. Run from the repository:
``python benchmarks/spellings.py --data DIR --words FILE``; FILE is a list of English words, one a line (the table was
made with the 82,765 of the package symspellpy 6.9, MIT), wordfreq says how common words are.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path

from tokenizers import Tokenizer
from wordfreq import top_n_list, zipf_frequency

from goemotions.evaluation.datasets import read_labelled
from goemotions.labels import LABELS
from goemotions.training.spellings import with_spellings
from goemotions.training.texts import read_texts
from goemotions.training.variants import KEYBOARD, read_words

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "src/goemotions/models/compact/tokenizer.json"
WORD = re.compile(r"[a-z]{2,}")
NEIGHBOURS = ("es", "fr", "de", "it", "pt", "nl")
# Often enough in the texts, and in the language by wordfreq's scale (the logarithm of how often in 10⁹ words).
LEAST_USES, LEAST_COMMON, EVERYDAY = 30, 3.0, 4
# Of a form: not more common than that (names and new words are), nor in another language.
MOST_COMMON, MOST_ELSEWHERE = 3.3, 4.0
# How much likelier a slip is than another, on the same scale; and how far ahead the likeliest word must be.
EXCHANGED, OMITTED, DOUBLED, SOUND, KEY, FIRST = 1.0, 0.6, 0.6, 0.5, 0.2, -0.4
AHEAD = 0.3
SHORT = 4  # letters up to which a word is only doubled or has letters exchanged, as its other forms are too many words
LEAST_LETTERS_KEY = 6  # of longer words a neighbouring key makes a form
BY_HAND = {"teh": "the", "hte": "the", "yuo": "you", "soo": "so", "luv": "love"}
LENGTHENED = 300  # common words of which two letters may be twice
SOUNDS: dict[str, set[str]] = {vowel: set("aeiou") - {vowel} for vowel in "aeiou"}
for one, other in ("yi", "cs", "zs", "ck", "gj", "fv"):
    SOUNDS.setdefault(one, set()).add(other)
    SOUNDS.setdefault(other, set()).add(one)
KEYS: dict[str, set[str]] = defaultdict(set)
for row in KEYBOARD:
    for left, right in pairwise(row):
        KEYS[left].add(right)
        KEYS[right].add(left)


def slips(word: str) -> Iterator[tuple[str, float]]:
    """Yield forms of a word that are one slip away, each with how likely that slip is."""
    for place, letter in enumerate(word):
        before, after = word[:place], word[place + 1 :]
        first = FIRST if not place else 0.0
        yield before + letter * 2 + after, DOUBLED
        if after:
            yield before + after[0] + letter + after[1:], EXCHANGED
        if len(word) > SHORT:
            yield before + after, OMITTED + first
            yield from ((before + sound + after, SOUND + first) for sound in sorted(SOUNDS.get(letter, ())))
        if len(word) > LEAST_LETTERS_KEY:
            yield from ((before + key + after, KEY + first) for key in sorted(KEYS[letter]))


def lengthened(word: str) -> Iterator[str]:
    """Yield forms of a word with two of its letters twice."""
    for places in combinations(range(len(word)), 2):
        yield "".join(letter * (2 if place in places else 1) for place, letter in enumerate(word))


def common_words(data: Path, words: set[str], pieces: dict[str, int]) -> list[str]:
    """Return the words that are pieces and common in the texts, the commonest first."""
    uses: Counter[str] = Counter()
    everyday = read_labelled(ROOT / "corpus" / "everyday-en.tsv", LABELS).texts
    for texts, weight in ((read_texts(data).splits["train"].texts, 1), (everyday, EVERYDAY)):
        for text in texts:
            uses.update(dict.fromkeys(set(WORD.findall(text.lower())), weight))
    return [
        word
        for word, count in uses.most_common()
        if count >= LEAST_USES and word in words and word in pieces and zipf_frequency(word, "en") >= LEAST_COMMON
    ]


def is_a_word(form: str, words: set[str], pieces: dict[str, int]) -> bool:
    """Return True if a form means something of its own."""
    return (
        form in pieces
        or form in words
        or zipf_frequency(form, "en") >= MOST_COMMON
        or any(zipf_frequency(form, language) >= MOST_ELSEWHERE for language in NEIGHBOURS)
    )


def forms_of(common: list[str]) -> dict[str, str]:
    """Return each form with the word that it most likely stands for."""
    likely: dict[str, dict[str, float]] = defaultdict(dict)
    for word in common:
        frequency = zipf_frequency(word, "en")
        for form, bonus in slips(word):
            if form != word and not re.search(r"(.)\1\1", form):
                likely[form][word] = max(likely[form].get(word, 0.0), frequency + bonus)
    for word in [word for word in common if len(word) <= 6][:LENGTHENED]:
        for form in lengthened(word):
            if not re.search(r"(.)\1\1", form):
                likely[form].setdefault(word, zipf_frequency(word, "en"))
    found = {}
    for form, by_word in likely.items():
        (first, best), *others = sorted(by_word.items(), key=lambda item: -item[1])
        if not others or best - others[0][1] >= AHEAD:
            found[form] = first
    return found


def disturbing(found: dict[str, str], words: set[str]) -> set[str]:
    """Return the forms by which some other word would be taken to other pieces: a part of it that they are."""
    plain = MODEL.read_text(encoding="utf-8")
    known = sorted({*words, *top_n_list("en", 100_000)} - set(found))
    old, new = (Tokenizer.from_str(text) for text in (plain, with_spellings(plain, found)))
    known = [word for word in known if not re.search(r"(.)\1\1", word)]
    gone = set()
    pairs = zip(known, old.encode_batch(known), new.encode_batch(known), strict=True)
    for word, before, after in pairs:
        if before.ids != after.ids:
            gone |= {word[:end] for end in range(2, len(word)) if word[:end] in found}
    return gone


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--words", type=Path, required=True)
    given = parser.parse_args()
    words = {
        line.split()[0].lower() for line in given.words.read_text(encoding="utf-8-sig").splitlines() if line.strip()
    }
    pieces: dict[str, int] = json.loads(MODEL.read_text(encoding="utf-8"))["model"]["vocab"]
    common = common_words(given.data, words, pieces)
    found = {form: word for form, word in forms_of(common).items() if not is_a_word(form, words, pieces)}
    found = {form: word for form, word in found.items() if len(form) > 3 or len(word) < 3}
    short = read_words(ROOT / "corpus" / "variants.tsv").short
    by_hand = BY_HAND | {
        form: word
        for word, forms in short.items()
        for form in forms
        if word in pieces and form not in pieces and form.isalnum() and len(form) > 1
    }
    found |= by_hand
    while gone := disturbing(found, words) - set(BY_HAND):
        found = {form: word for form, word in found.items() if form not in gone}
    by_word = defaultdict(list)
    for form, word in sorted(found.items()):
        by_word[word].append(form)
    head = (
        "# A word, then misspelt and lengthened forms that are read as it: made by benchmarks/spellings.py; CC0 1.0.\n"
    )
    lines = [f"{word}\t{' '.join(forms)}\n" for word, forms in sorted(by_word.items())]
    (ROOT / "corpus" / "spellings.tsv").write_text(head + "".join(lines), encoding="utf-8")
    print(f"{len(found):,} forms of {len(by_word):,} words")


if __name__ == "__main__":
    main()
