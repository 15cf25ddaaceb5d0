"""Model cards: the README.md of a model directory, made from its own config so that no figure is typed by hand."""

from __future__ import annotations

from typing import Any

CARD = """\
---
license: apache-2.0
language: en
pipeline_tag: text-classification
tags: [emotion, goemotions, multi-label, onnx]
base_model: {base}
---

# {name}

Multi-label emotion classification of short English text: the {num_labels} GoEmotions labels, each with a probability of
its own. {base} (22 M parameters) fine-tuned on {dataset}, in 8 bit, as one ONNX graph: it needs no GPU and no deep
learning framework.

```python
from goemotions import EmotionClassifier

clf = EmotionClassifier()
clf.predict(["I can't believe how amazing that was!"])
```

## Quality

Official test split ({rows:,} comments), 95 % bootstrap intervals. The thresholds were tuned on the dev split, and every
choice was made there.

| | macro F1 | micro F1 |
|---|---|---|
| test split | {macro} | {micro} |
| without the {duplicates} test comments that also stand in train | {macro_fresh} | {micro_fresh} |

| label | threshold | precision | recall | F1 | positives |
|---|---|---|---|---|---|
{labels}

\\* unreliable, see below.

## Limits

- **Do not judge people by it.** It rates the words of a text, as crowd workers read Reddit comments. It does not know
  what a person feels, and must not decide about hiring, credit, health, policing or discipline.
- Labels marked \\* have fewer than {few} positives in the test split, so neither their threshold nor their F1 is known
  well ({unreliable}). `reliable_only=True` leaves them out.
- English. Reddit comments of 2005 to 2019: other kinds of text, times and dialects are out of its domain, and the
  biases of the raters and of the platform are in it.
- It reads {max_length} tokens, about 90 words; longer texts are cut, or read in windows with `long_text="windows"`.
- Sarcasm, quotations and a conversation's context are often missed. Emoji are mostly unknown to its vocabulary.

## Training

{dataset}, {train_rows:,} comments. Binary cross-entropy; {epochs} epochs, batch {batch_size}, learning rate
{learning_rate:g} with linear decay, bfloat16; 8 bit simulated from epoch {quantise_from_epoch} on; epoch
{selected_epoch} selected by macro F1 on dev; seed {seed}. `goemotions train compact --data DIR` makes it anew.

| file | SHA-256 |
|---|---|
{hashes}

The base model was pre-trained on over a billion sentence pairs, 700 million of them Reddit comment pairs
(all-MiniLM-L6-v2, Apache-2.0; these weights are modified). GoEmotions is CC BY 4.0.

## Citation

Demszky et al., *GoEmotions: A Dataset of Fine-Grained Emotions*, ACL 2020, 4040-4054. Reimers & Gurevych,
*Sentence-BERT*, EMNLP 2019. Wang et al., *MiniLM*, NeurIPS 2020.
"""


def compact_card(config: dict[str, Any], few: int) -> str:
    """The card of a ``transformer`` model, from its ``config.json``; ``few`` positives make a label unreliable."""
    test = config["metrics"]["test"]
    fresh = config["metrics"]["test_without_train_duplicates"]
    training = config["training"]
    return CARD.format(
        name=config["model_name"],
        base=config["base"]["model"],
        num_labels=config["num_labels"],
        dataset=config["trained_on"]["dataset"],
        train_rows=config["trained_on"]["rows"],
        rows=test["rows"],
        duplicates=test["rows"] - fresh["rows"],
        macro=interval(test["macro_f1"]),
        micro=interval(test["micro_f1"]),
        macro_fresh=interval(fresh["macro_f1"]),
        micro_fresh=interval(fresh["micro_f1"]),
        labels="\n".join(label_row(label, config) for label in config["emotion_labels"]),
        few=few,
        unreliable=", ".join(config["unreliable_labels"]),
        max_length=config["max_length"],
        hashes="\n".join(f"| {name}.tsv | `{digest}` |" for name, digest in config["trained_on"]["splits"].items()),
        selected_epoch=training["selected_epoch"],
        **{
            key: training["recipe"][key]
            for key in ("epochs", "batch_size", "learning_rate", "quantise_from_epoch", "seed")
        },
    )


def label_row(label: str, config: dict[str, Any]) -> str:
    figures = config["metrics"]["test"]["labels"][label]
    mark = " \\*" if label in config["unreliable_labels"] else ""
    return (
        f"| {label}{mark} | {config['thresholds'][label]:.3f} | {figures['precision']:.3f} | {figures['recall']:.3f} "
        f"| {interval(figures['f1'])} | {figures['support']} |"
    )


def interval(figure: dict[str, float]) -> str:
    """``0.536 (0.520 to 0.552)``."""
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"
