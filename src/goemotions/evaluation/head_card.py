"""The prose of the model card of an ``embedding-head``, made from its own config."""

from __future__ import annotations

from goemotions.encoders.facts import facts_of, language_limits
from goemotions.evaluation.card_facts import CUT_BY_ENCODER, TUNED_ON_DEV, About, CardFacts
from goemotions.installation import card_hint

SETTINGS = ("loss", "epochs", "batch_size", "learning_rate", "schedule", "dropout", "select_by", "seed")


def head_about(facts: CardFacts, parameters: int) -> About:
    """Return the key ``about`` of a config that has everything else.

    Args:
        parameters: of the network behind the encoder.
    """
    run, data, encoder = facts.made_by, facts.origin, facts_of(facts.encoder)
    layers = "-".join(map(str, [facts.widths[0], *run.recipe["hidden"], len(facts.labels)]))
    licences = [f"{encoder.title}: {encoder.license}."] if encoder.license else []
    licences += [f"The training data is {data.license}."] if data.license else []
    return About(
        summary=(
            f"Multi-label text classification: {len(facts.labels)} labels, each with a probability of its own. A "
            f"network {layers} on vectors of the frozen encoder {facts.encoder}, trained on {data.name}. "
            f"It needs {encoder.needs}"
            + (f" ({card_hint(encoder.extra)})." if encoder.extra else ".")
            + (f" Distilled from {facts.teacher}." if facts.teacher else "")
        ),
        tags=["onnx"],
        language=list(facts.reads),
        parameters=f"{parameters / 1e6:.1f} M, on a frozen encoder",
        thresholds=TUNED_ON_DEV,
        limits=[
            data.out_of_domain,
            *language_limits(facts.encoder, data.languages),
            CUT_BY_ENCODER,
        ],
        training=run.settings(SETTINGS) | {"epoch selected": str(run.selected_epoch)},
        notes=[" ".join([f"Vectors of {facts.encoder} {facts.encoder_revision}".rstrip() + ".", *licences])],
        citation=[text for text in (data.citation, encoder.citation) if text],
    )
