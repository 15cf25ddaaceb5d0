"""Prose of the model card of a ``transformer``, made from its own config."""

from __future__ import annotations

from goemotions.evaluation.card_facts import About, CardFacts
from goemotions.weights.packages import SplitArchive, WeightsPackage


def transformer_about(facts: CardFacts, base: WeightsPackage | SplitArchive, parameters: int) -> About:
    """Return the key ``about`` of a config that has everything else.

    Args:
        parameters: of the whole network.
    """
    run, data = facts.made_by, facts.origin
    recipe, size = run.recipe, f"{parameters / 1e6:.0f} M"
    targets = "the labels"
    if recipe["teachers"]:
        share, names = f"{100 * recipe['teacher_weight']:g} %", ", ".join(recipe["teachers"])
        targets = f"{share} what the teachers {names} (recipe and seed of each) say of the train texts; else the labels"
    return About(
        summary=(
            f"Multi-label text classification: {len(facts.labels)} labels, each with a probability of its own. "
            f"{base.upstream} ({size} parameters) fine-tuned on {data.name}, in 8 bit, as one ONNX graph: it needs no "
            "GPU and no deep learning framework."
        ),
        tags=["onnx"],
        language=list(data.languages),
        parameters=size,
        thresholds="The thresholds were tuned on the dev split, and every choice was made there.",
        limits=[
            data.out_of_domain,
            f"It reads {facts.max_length} tokens of a text; longer ones are cut, or read in windows with "
            '`long_text="windows"`.',
            "Sarcasm, quotations and a conversation's context are often missed.",
        ],
        training={
            "loss": "binary cross-entropy",
            "targets": targets,
            "epochs": f"{recipe['epochs']}; epoch {run.selected_epoch} selected by macro F1 on dev",
            "batch": str(recipe["batch_size"] * recipe["accumulation"]),
            "learning rate": f"{recipe['learning_rate']:g}, head {recipe['head_learning_rate']:g}, "
            f"{recipe['schedule']} decay",
            "precision": f"{run.precision}; 8 bit simulated from epoch {recipe['quantise_from_epoch']} on",
            "seed": str(recipe["seed"]),
            "calibration": "Platt's lines per label, fitted on dev, inside the head",
        },
        notes=[base.note, *([f"The training data is {data.license}."] if data.license else [])],
        citation=[*([data.citation] if data.citation else []), *base.citation],
    )
