"""Cells with labels as people and programs write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from own_rows import own_rows, write_rows

from goemotions.data.label_cells import as_list, names_in, read_flag, two_in_one
from goemotions.errors import AssumptionWarning
from goemotions.fitting.rows import read_rows

TEXTS, ROWS = own_rows(21)


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        ('["price", "size"]', ["price", "size"]),
        ("['price', 'size']", ["price", "size"]),
        ("['price' 'size']", ["price", "size"]),  # numpy; Python reads one text, 'pricesize'
        ("['price'\n 'size']", ["price", "size"]),
        ("{'price', 'size'}", ["price", "size"]),
        ("('price', 'size')", ["price", "size"]),
        ("('price',)", ["price"]),
        ("['it\\'s' \"his 'own'\"]", ["it's", "his 'own'"]),
        ("[price, size]", "price, size"),
        ("[]", []),
        ("[1, 2]", [1, 2]),
        ("(sic)", "(sic)"),
        ("{'price': 1}", "{'price': 1}"),
        ("[a] [b]", "[a] [b]"),
        ("[", "["),
        (2.0, [2]),
        (float("nan"), []),
        ([1.0, None], [1]),
        (True, "TRUE"),
    ],
)
def test_lists_as_programs_write_them(cell: Any, labels: Any) -> None:
    assert as_list(cell) == labels


def test_a_set_has_the_order_in_which_it_is_written() -> None:
    """Python's own order of a set differs from run to run, and the labels' order is that of the model."""
    names = [f"label {number}" for number in range(30)]
    assert as_list("{" + ", ".join(map(repr, names)) + "}") == names


def test_names_on_lines_of_a_cell_are_several() -> None:
    assert names_in("price\nsize, late\r\n", ",") == ["price", "size", "late"]


@pytest.mark.parametrize(
    ("cell", "flag"),
    [
        ("sì", True),
        ("s\N{LATIN SMALL LETTER I}\N{COMBINING GRAVE ACCENT}", True),
        ("OUI", True),
        ("Não", False),
        ("VERDADERO", True),
        ("да", True),
        ("✔\N{VARIATION SELECTOR-16}", True),
        ("1,00", True),
        ("0.00", False),
        (" ", False),
        (1.0, True),
        (False, False),
        ("2", None),
        ("-", None),
        ("n/a", None),
        ("100%", None),
    ],
)
def test_words_for_0_and_1(cell: Any, flag: bool | None) -> None:
    assert read_flag(cell)[1] is flag


def test_a_label_that_is_two_others_is_said(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.csv", TEXTS, [[" / ".join(row)] for row in ROWS])
    with pytest.warns(AssumptionWarning, match=r"looks like '.*' and '.*': .*\(--separator /\)"):
        read_rows(path)
    assert two_in_one(["good", "bad", "good and bad"]) == ("good and bad", "good", " and ", "bad")
    assert two_in_one(["good", "bad", "good bad"]) == ("good bad", "good", " ", "bad")
    assert two_in_one([f"label {number}" for number in range(30)]) is None
    assert two_in_one(["1", "5", "1.5", "in", "door", "indoor", "good", "goodness"]) is None
