"""The model card of an ``embedding-llm`` directory: what it is, how to use it, its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CARD = """\
---
language: en
pipeline_tag: text-classification
library_name: peft
tags: [emotion, goemotions, multi-label, lora]
base_model: {base}
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

With goemotions, without a GPU:

```python
from goemotions import EmotionClassifier

clf = EmotionClassifier("path/to/this/directory")  # backbone="path/or/id" for another copy of the base
clf.predict(["I can't believe how amazing that was!"])
```

With transformers and peft:

```python
from infer import EmotionClassifier

clf = EmotionClassifier("path/to/this/directory")
clf.predict(["I can't believe how amazing that was!"], threshold=0.35)
```

An empty dict means that nothing reaches the threshold; `threshold=0` gives all labels.

## Limits

- **Do not judge people by it.** It rates the words of a text as crowd workers read Reddit comments. It does not know
  what a person feels, and must not decide about hiring, credit, health, policing or discipline.
- Short texts in the encoder's languages, Reddit comments first of all; longer texts are cut.
- Labels with few positives in the data are known badly, whatever their F1 says.

## Made from

{base}; {encoder}; GoEmotions (Demszky et al., ACL 2020), CC BY 4.0.
"""


def llm_card(config: Mapping[str, Any], rank: int) -> str:
    """The content of ``README.md``, from that of ``config.json``."""
    backbone: Mapping[str, Any] = config.get("backbone") or {}
    return CARD.format(
        base=backbone.get("id") or config["model_name"],
        encoder=(config.get("encoder") or {}).get("id", "use-v4"),
        quantisation="4-bit NF4" if backbone.get("quantisation", "nf4") == "nf4" else backbone["quantisation"],
        inner=config["hidden_size"] // 2,
        rank=rank,
        **{key: config[key] for key in ("num_labels", "embed_dim", "hidden_size", "threshold")},
    )
