import json
import os
from pathlib import Path

import pytest

from goemotions.labels import EKMAN, LABELS, SENTIMENT


def test_there_are_28_labels_and_neutral_is_last() -> None:
    assert len(set(LABELS)) == 28
    assert LABELS[-1] == "neutral"
    assert list(LABELS[:-1]) == sorted(LABELS[:-1])


@pytest.mark.parametrize("groups", [EKMAN, SENTIMENT])
def test_groups_split_the_27_emotions(groups: dict[str, tuple[str, ...]]) -> None:
    members = [label for labels in groups.values() for label in labels]
    assert sorted(members) == sorted(LABELS[:-1])


@pytest.mark.skipif("GOEMOTIONS_DATA" not in os.environ, reason="needs the official data: set GOEMOTIONS_DATA")
def test_as_in_the_official_files() -> None:
    folder = Path(os.environ["GOEMOTIONS_DATA"]) / "goemotions"
    assert tuple((folder / "labels.txt").read_text().split()) == LABELS
    for name, groups in (("ekman_mapping", EKMAN), ("sentiment_dict", SENTIMENT)):
        official = json.loads((folder / f"{name}.json").read_text())
        assert {group: tuple(labels) for group, labels in official.items()} == groups
