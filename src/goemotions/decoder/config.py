"""The sizes of a decoder, read from the checkpoint's own configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from goemotions.errors import ModelError, nearest
from goemotions.fields import flag, number, section, text, whole_number

MODEL_TYPES = ("llama", "mistral", "mistral3", "qwen2", "qwen3")
ACTIVATION = "silu"
MOST_SIZE = 1_000_000
MOST_LAYERS = 1000
"""Of a width and of layers: beyond what any model has."""

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
MLP = ("gate_proj", "up_proj", "down_proj")
LIVE = ("v_proj", "o_proj", *MLP)
"""The matrices that act on a sequence of one token."""


@dataclass(frozen=True)
class DecoderConfig:
    """Sizes of a Llama-shaped decoder.

    Attributes:
        norm_eps: added to the mean square in RMS normalisation.
        biased: the matrices of each layer that have a bias.
    """

    model_type: str
    hidden_size: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    intermediate_size: int
    norm_eps: float
    biased: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        sizes = {name: value for name, value in vars(self).items() if isinstance(value, int)}
        wrong = [f"{name} {value}" for name, value in sizes.items() if not 1 <= value <= MOST_SIZE]
        wrong += [f"num_layers {self.num_layers}"] if MOST_SIZE >= self.num_layers > MOST_LAYERS else []
        if wrong or not 0 <= self.norm_eps <= 1:
            found = ", ".join(wrong) or f"norm_eps {self.norm_eps}"
            raise ModelError(f"the base's configuration has {found}: expected 1 to {MOST_SIZE:,}, norm_eps from 0 to 1")
        if self.num_heads % self.num_kv_heads:
            raise ModelError(f"{self.num_heads} query heads cannot share {self.num_kv_heads} key-value heads evenly")

    @property
    def queries_per_kv(self) -> int:
        """Query heads that share one key-value head."""
        return self.num_heads // self.num_kv_heads

    def shape(self, matrix: str) -> tuple[int, int]:
        """[out, in] of one of the seven matrices of a layer, as the checkpoint stores it."""
        hidden, inner = self.hidden_size, self.intermediate_size
        queries, values = self.num_heads * self.head_dim, self.num_kv_heads * self.head_dim
        return {
            "q_proj": (queries, hidden),
            "k_proj": (values, hidden),
            "v_proj": (values, hidden),
            "o_proj": (hidden, queries),
            "gate_proj": (inner, hidden),
            "up_proj": (inner, hidden),
            "down_proj": (hidden, inner),
        }[matrix]

    @property
    def live_weights(self) -> int:
        """Elements of all matrices that act, as stored: with ``o_proj`` unfolded."""
        return self.num_layers * sum(out * into for out, into in map(self.shape, LIVE))


def path_of(layer: int, matrix: str) -> str:
    """The name of a matrix below the decoder: ``layers.3.self_attn.v_proj``."""
    return f"layers.{layer}.{'self_attn' if matrix in ATTENTION else 'mlp'}.{matrix}"


def from_transformers(raw: Mapping[str, Any]) -> DecoderConfig:
    """From the content of a checkpoint's ``config.json``; that of Mistral3 has the decoder's under ``text_config``.

    Raises:
        ModelError: another kind of model, another activation, or a missing size.
    """
    try:
        return _from_transformers(raw)
    except ValueError as error:
        raise ModelError(f"the decoder's sizes cannot be used: {error}") from error


def _from_transformers(raw: Mapping[str, Any]) -> DecoderConfig:
    model_type = text(raw, "model_type", "")
    own = section(raw, "text_config") or raw
    kind = text(own, "model_type", "mistral" if model_type == "mistral3" else model_type)
    for name in (model_type, kind):
        if name not in MODEL_TYPES:
            raise ModelError(
                f"the base is of type {name!r}, expected one of {', '.join(MODEL_TYPES)}{nearest(name, MODEL_TYPES)}"
            )
    activation = text(own, "hidden_act", ACTIVATION)
    if activation != ACTIVATION:
        raise ModelError(f"the base's activation is {activation!r}, this decoder computes {ACTIVATION!r}")
    heads, hidden = whole_number(own, "num_attention_heads"), whole_number(own, "hidden_size")
    defaults = {"num_key_value_heads": heads, "head_dim": hidden // heads}
    whole = defaults | {key: value for key, value in own.items() if value is not None}
    return DecoderConfig(
        model_type=kind,
        hidden_size=hidden,
        num_layers=whole_number(whole, "num_hidden_layers"),
        num_heads=heads,
        num_kv_heads=whole_number(whole, "num_key_value_heads"),
        head_dim=whole_number(whole, "head_dim"),
        intermediate_size=whole_number(whole, "intermediate_size"),
        norm_eps=number(whole, "rms_norm_eps"),
        biased=_biased(kind, own),
    )


def _biased(kind: str, own: Mapping[str, Any]) -> frozenset[str]:
    if kind == "qwen2":  # always on q, k and v, never said in its configuration
        return frozenset({"v_proj"})
    attention = {"v_proj", "o_proj"} if flag(own, "attention_bias") else set()
    if kind == "qwen3":  # its o_proj follows attention_bias too, its MLP has none
        return frozenset(attention)
    return frozenset(attention | (set(MLP) if flag(own, "mlp_bias") else set()))


def to_transformers(config: DecoderConfig) -> dict[str, Any]:
    """The content of a ``config.json`` that :func:`from_transformers` reads as ``config``."""
    return {
        "model_type": config.model_type,
        "hidden_size": config.hidden_size,
        "num_hidden_layers": config.num_layers,
        "num_attention_heads": config.num_heads,
        "num_key_value_heads": config.num_kv_heads,
        "head_dim": config.head_dim,
        "intermediate_size": config.intermediate_size,
        "rms_norm_eps": config.norm_eps,
        "hidden_act": ACTIVATION,
        "attention_bias": "o_proj" in config.biased,
        "mlp_bias": "up_proj" in config.biased,
    }


def from_gguf(fields: Mapping[str, Any]) -> DecoderConfig:
    """From the metadata of a GGUF file, by llama.cpp's key names.

    Raises:
        ModelError: another kind of model, or a missing size.
    """
    kind = str(fields.get("general.architecture"))
    if kind not in MODEL_TYPES:
        raise ModelError(f"the base is a GGUF file of type {kind!r}, expected one of {', '.join(MODEL_TYPES)}")
    try:
        heads = whole_number(fields, f"{kind}.attention.head_count")
        hidden = whole_number(fields, f"{kind}.embedding_length")
        defaults = {f"{kind}.attention.head_count_kv": heads, f"{kind}.attention.value_length": hidden // heads}
        whole = {**defaults, **fields}
        return DecoderConfig(
            model_type=kind,
            hidden_size=hidden,
            num_layers=whole_number(whole, f"{kind}.block_count"),
            num_heads=heads,
            num_kv_heads=whole_number(whole, f"{kind}.attention.head_count_kv"),
            head_dim=whole_number(whole, f"{kind}.attention.value_length"),
            intermediate_size=whole_number(whole, f"{kind}.feed_forward_length"),
            norm_eps=number(whole, f"{kind}.attention.layer_norm_rms_epsilon"),
            biased=frozenset({"v_proj"}) if kind == "qwen2" else frozenset(),
        )
    except ValueError as error:
        raise ModelError(f"the GGUF metadata does not give the decoder's sizes: {error}") from error
