"""Prose of the model card of a ``transformer``, made from its own config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from goemotions.data.origin import Origin
from goemotions.evaluation.card_facts import TUNED_ON_DEV, About, CardFacts
from goemotions.weights.packages import SplitArchive, WeightsPackage

WRITTEN = (
    "Texts in files `everyday-…` were written for this project, by a language model, and copy no user and no corpus."
)

VARIANTS = (
    "names in the place of the corpus's mask, typing errors, short forms, lengthened words, no apostrophes, "
    "a user name, an address or quotes around the text"
)


def transformer_about(facts: CardFacts, base: WeightsPackage | SplitArchive, parameters: int) -> About:
    """Return the key ``about`` of a config that has everything else.

    Args:
        parameters: of the whole network.
    """
    run, data = facts.made_by, facts.origin
    recipe, size = run.recipe, f"{parameters / 1e6:.0f} M"
    learnt = [data.name, *(source["file"] for source in recipe["sources"])]
    languages = (recipe["vocabulary"] or {"languages": data.languages})["languages"]
    targets = "the labels"
    if recipe["teachers"]:
        share, names = f"{100 * recipe['teacher_weight']:g} %", ", ".join(recipe["teachers"])
        targets = f"{share} what the teachers {names} (recipe and seed of each) say of the train texts; else the labels"
    return About(
        summary=(
            f"Multi-label text classification: {len(facts.labels)} labels, each with a probability of its own. "
            f"{base.upstream} ({size} parameters) fine-tuned on {data.name}{further(recipe['sources'])}, in 8 bit, as "
            "one ONNX graph: it needs no GPU and no deep learning framework."
        ),
        tags=["onnx"],
        language=list(languages),
        parameters=size,
        thresholds=TUNED_ON_DEV,
        limits=[
            *([data.out_of_domain] if list(languages) == list(data.languages) else read_in(languages, data)),
            f"It reads {facts.max_length} tokens of a text; longer ones are cut, or read in windows with "
            '`long_text="windows"`.',
            "Sarcasm, quotations and a conversation's context are often missed.",
        ],
        training={
            "loss": "binary cross-entropy",
            "texts": ", ".join(learnt),
            "targets": targets,
            **variants(recipe["variants"]),
            "epochs": f"{recipe['epochs']}; epoch {run.selected_epoch} selected by macro F1 on dev",
            "batch": str(recipe["batch_size"] * recipe["accumulation"]),
            "learning rate": f"{recipe['learning_rate']:g}, head {recipe['head_learning_rate']:g}, "
            f"{recipe['schedule']} decay",
            "precision": f"{run.precision}; 8 bit simulated from epoch {recipe['quantise_from_epoch']} on",
            "seed": str(recipe["seed"]),
            "calibration": "Platt's lines per label, fitted on dev, inside the head",
        },
        notes=[
            base.note,
            *([f"The training data is {data.license}."] if data.license else []),
            *([WRITTEN] if any(name.startswith("everyday-") for name in learnt) else []),
        ],
        citation=[*([data.citation] if data.citation else []), *base.citation],
    )


def second_head_about(facts: CardFacts, first: About) -> About:
    """Return the key ``about`` of a model with a second head.

    Args:
        first: of the model whose states it reads.
    """
    recipe = facts.made_by.recipe
    files = [f"`{source['file']}`" for source in recipe["sources"]]
    head = (
        f"a network with {recipe['hidden']} hidden units on the frozen states, {recipe['share']:g} of whose answer is "
        f"added to the first head's; learnt in {recipe['epochs']} epochs from the same targets"
        f"{' and from ' + ' and '.join(files) if files else ''}"
    )
    written = [WRITTEN] if any("everyday-" in name for name in files) and WRITTEN not in first.notes else []
    return replace(
        first,
        thresholds=TUNED_ON_DEV,
        training={**first.training, "second head": head},
        notes=[*first.notes, *written],
    )


def variants(settings: Mapping[str, float] | None) -> dict[str, str]:
    """Return what is said of variants of the texts; nothing where a recipe has none."""
    if settings is None:
        return {}
    share = f"{100 * settings['share']:g} %"
    return {"variants": f"{share} of an epoch's texts are written in another way, with the same targets: {VARIANTS}"}


def further(sources: Sequence[Mapping[str, object]]) -> str:
    """Return how many sources of texts there were beside the corpus, as the end of a sentence's part."""
    return f" and {len(sources)} further source{'s' if len(sources) > 1 else ''} of texts" if sources else ""


def read_in(languages: Sequence[str], data: Origin) -> list[str]:
    """Return sentences on what a model of several languages knows of each."""
    return [
        f"It reads {', '.join(languages)}; other languages are out of its domain. Labels that people gave in all of "
        f"the emotions are of {data.name} alone, in {', '.join(data.languages)}: in other languages it knows them from "
        "machine translations, coarser labels and a few texts written for this project.",
        data.out_of_domain,
    ]
