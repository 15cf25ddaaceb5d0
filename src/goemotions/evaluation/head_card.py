"""The model card of an ``embedding-head`` directory, made from its own config."""

from __future__ import annotations

from typing import Any

from goemotions.evaluation.model_card import interval, label_row

CARD = """\
---
license: apache-2.0
pipeline_tag: text-classification
tags: [emotion, goemotions, multi-label, onnx]
---

# {name}

Multi-label emotion classification: {num_labels} labels, each with a probability of its own.

```
text ─ {encoder} ─ {embed_dim}-d ─ MLP {hidden} ─ sigmoid ─ a threshold for each label
```

It needs neither a GPU nor a deep learning framework: `pip install "goemotions[use]"`, then

```python
from goemotions import EmotionClassifier

clf = EmotionClassifier("{name}")  # or the path of this directory
clf.predict(["I can't believe how amazing that was!"])
```

## Quality

Test split of {dataset} ({rows:,} rows), 95 % bootstrap intervals; thresholds tuned on the dev split, and every choice
made there: macro F1 {macro}, micro F1 {micro}.

| label | threshold | precision | recall | F1 | average precision | positives |
|---|---|---|---|---|---|---|
{labels}

\\* unreliable: fewer than 100 positives in the test split, or an F1 known badly. `reliable_only=True` leaves them out.

## Limits

- **Do not judge people by it.** It rates the words of a text, as crowd workers read Reddit comments. It does not know
  what a person feels, and must not decide about hiring, credit, health, policing or discipline.
- The encoder reads several languages, the labels were learnt from English alone: expect less elsewhere.
- Longer texts are cut by the encoder, or read in windows with `long_text="windows"`.

## Made from

{dataset}, {train_rows:,} rows (GoEmotions: Demszky et al., ACL 2020, CC BY 4.0); vectors of {encoder} {revision}
(Universal Sentence Encoder, Apache-2.0).{teacher}
"""


def head_card(config: dict[str, Any]) -> str:
    """The content of ``README.md``, from that of ``config.json``."""
    test = config["metrics"]["test"]
    teacher = config.get("teacher")
    return CARD.format(
        name=config["model_name"],
        num_labels=config["num_labels"],
        encoder=config["encoder"]["id"],
        revision=config["encoder"].get("revision", ""),
        embed_dim=config["embed_dim"],
        hidden="-".join(map(str, config["training"]["recipe"]["hidden"])),
        dataset=config["trained_on"]["dataset"],
        train_rows=config["trained_on"]["rows"],
        rows=test["rows"],
        macro=interval(test["macro_f1"]),
        micro=interval(test["micro_f1"]),
        labels="\n".join(label_row(label, config) for label in config["emotion_labels"]),
        teacher=f" Distilled from {teacher}." if teacher else "",
    )
