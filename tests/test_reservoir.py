"""A reservoir draws from a stream as if its length were known."""

from __future__ import annotations

from goemotions.reservoir import Reservoir


def test_items_are_drawn_from_all_that_go_by() -> None:
    drawn = Reservoir[int](500)
    for start in range(0, 10_000, 1000):
        drawn.extend(range(start, start + 1000))
    assert drawn.seen == 10_000
    assert len(set(drawn.kept)) == 500
    assert 0.4 < sum(number < 5000 for number in drawn.kept) / 500 < 0.6


def test_all_are_kept_where_there_are_few_or_no_limit() -> None:
    for most in (7, 8, None):
        drawn = Reservoir[int](most)
        drawn.extend(range(7))
        assert drawn.kept == list(range(7))


def test_the_same_seed_draws_the_same_items() -> None:
    first, again, other = (Reservoir[int](10, seed) for seed in (1, 1, 2))
    for drawn in (first, again, other):
        drawn.extend(range(1000))
    assert first.kept == again.kept != other.kept
