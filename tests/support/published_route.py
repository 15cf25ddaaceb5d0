"""The published way to compute: transformers + peft + bitsandbytes, on tiny random models. The oracle of the tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bitsandbytes
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    BitsAndBytesConfig,
    LlamaConfig,
    Mistral3Config,
    MistralConfig,
    PreTrainedModel,
    Qwen2Config,
    Qwen3Config,
)

HIDDEN, LAYERS, EMBED, LABELS = 64, 3, 512, 28
SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
# head_dim 32 is not hidden / heads, as in Mistral-Small-3.1.
SIZES: dict[str, Any] = {
    "hidden_size": HIDDEN,
    "intermediate_size": 192,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "vocab_size": 64,
    "rms_norm_eps": 1e-5,
}
VISION: dict[str, Any] = {
    "model_type": "pixtral",
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "head_dim": 16,
    "intermediate_size": 64,
    "image_size": 32,
    "patch_size": 16,
}


def tiny_config(kind: str) -> Any:
    without_head_dim = {key: value for key, value in SIZES.items() if key != "head_dim"}
    return {  # type: ignore[no-untyped-call]
        "mistral3": lambda: Mistral3Config(text_config={"model_type": "mistral", **SIZES}, vision_config=VISION),
        "mistral": lambda: MistralConfig(**SIZES),
        "llama": lambda: LlamaConfig(**SIZES),
        "llama-biased": lambda: LlamaConfig(**SIZES, attention_bias=True, mlp_bias=True),
        "qwen2": lambda: Qwen2Config(**without_head_dim),
        "qwen3": lambda: Qwen3Config(**SIZES),
    }[kind]()


def save_base(path: Path, kind: str, **save: Any) -> Path:
    """A random 16-bit checkpoint; norms and biases are random too, so that a mistake in them shows."""
    torch.manual_seed(1)
    config = tiny_config(kind)
    cls: Any = AutoModelForImageTextToText if kind == "mistral3" else AutoModelForCausalLM
    model = cls.from_config(config).to(torch.bfloat16)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.copy_(1 + 0.3 * torch.randn_like(parameter))
            elif name.endswith("bias"):
                parameter.copy_(0.3 * torch.randn_like(parameter))
            else:
                parameter.copy_(torch.randn_like(parameter) / parameter.shape[-1] ** 0.5)
    model.save_pretrained(path, **save)
    return path


def load_base(
    path: Path, dtype: torch.dtype = torch.bfloat16, four_bit: bool = False, sixteen_bit: Sequence[str] = ()
) -> PreTrainedModel:
    config: dict[str, Any] = {}
    raw = AutoConfig.from_pretrained(path)
    cls: Any = AutoModelForImageTextToText if hasattr(raw, "vision_config") else AutoModelForCausalLM
    if four_bit:
        config["quantization_config"] = BitsAndBytesConfig(  # type: ignore[no-untyped-call]
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
            llm_int8_skip_modules=["lm_head", *sixteen_bit],
        )
    return cls.from_pretrained(path, dtype=dtype, **config).eval()  # type: ignore[no-any-return]


def save_quantised(path: Path, base: Path, sixteen_bit: Sequence[str] = (), **save: Any) -> Path:
    """A pre-quantised twin of ``base``, some modules left in 16 bit."""
    model = load_base(base, four_bit=True, sixteen_bit=sixteen_bit)
    model.save_pretrained(path, **save)
    return path


def plain(model: torch.nn.Module, dtype: torch.dtype = torch.float32) -> None:
    """Replace every 4-bit matrix by what ``dequantize_4bit`` gives, and compute in ``dtype``."""
    linear: Any = bitsandbytes.nn.Linear4bit  # type: ignore[attr-defined]
    for name, module in list(model.named_modules()):
        if isinstance(module, linear):
            stored: Any = module.weight
            weight = bitsandbytes.functional.dequantize_4bit(stored.data, stored.quant_state)
            dense = torch.nn.Linear(module.in_features, module.out_features, bias=module.bias is not None)
            dense.weight.data = weight.detach()
            if module.bias is not None:
                dense.bias.data = module.bias.data
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, dense)
    model.to(dtype)


def random_adapter(base: PreTrainedModel, path: Path, rank: int = 16, rslora: bool = False, **config: Any) -> Path:
    """A LoRA adapter with nothing at zero, on all seven matrices wherever they are: in a vision tower too."""
    torch.manual_seed(2)
    settings = {"target_modules": SEVEN, "lora_alpha": 2 * rank, **config}
    peft = get_peft_model(base, LoraConfig(r=rank, use_rslora=rslora, **settings))
    with torch.no_grad():
        for name, parameter in peft.named_parameters():
            if "lora_" in name:
                parameter.copy_(0.1 * torch.randn_like(parameter) / rank**0.5)
    peft.save_pretrained(str(path))
    peft.unload()
    return path


@dataclass
class Head:
    projection: torch.nn.Sequential
    classifier: torch.nn.Linear


def random_head(hidden: int = HIDDEN, labels: int = LABELS, scale: float = 3) -> Head:
    torch.manual_seed(3)
    projection = torch.nn.Sequential(
        torch.nn.Linear(EMBED, hidden // 2), torch.nn.GELU(), torch.nn.Linear(hidden // 2, hidden)
    )
    classifier = torch.nn.Linear(hidden, labels)
    with torch.no_grad():  # so that probabilities differ from text to text
        next(projection.parameters()).mul_(10)
        classifier.weight *= scale
    return Head(projection.requires_grad_(False), classifier.requires_grad_(False))


def save_published(path: Path, base_id: str, hidden: int = HIDDEN) -> Path:
    """A directory in the published layout, but for ``lora_adapter/``."""
    path.mkdir(parents=True, exist_ok=True)
    head = random_head(hidden, scale=1)
    state = {"projection": head.projection.state_dict(), "classifier": head.classifier.state_dict()}
    torch.save(state, path / "head_weights.pt")
    from goemotions import LABELS as NAMES

    config = {
        "model_name": base_id,
        "hidden_size": hidden,
        "embed_dim": EMBED,
        "num_labels": LABELS,
        "emotion_labels": list(NAMES),
        "threshold": 0.5,
    }
    (path / "config.json").write_text(json.dumps(config))
    (path / "README.md").write_text("# A random model\n")
    (path / "infer.py").write_text("raise SystemExit('code in a model directory was run')\n")
    return path


def embeddings(rows: int = 64) -> torch.Tensor:
    """Unit vectors, as sentence encoders give."""
    torch.manual_seed(4)
    return torch.nn.functional.normalize(torch.randn(rows, EMBED))


@torch.no_grad()
def decode(model: torch.nn.Module, states: torch.Tensor) -> torch.Tensor:
    """Last hidden states of one-token sequences, in the model's own type."""
    inner: Any = model.get_base_model() if isinstance(model, PeftModel) else model
    inner = inner.model  # without the output head
    dtype = next(p.dtype for n, p in inner.named_parameters() if "norm" in n)
    mask = torch.ones(len(states), 1, dtype=torch.long)
    out = inner(inputs_embeds=states.to(dtype)[:, None], attention_mask=mask, use_cache=False)
    return out.last_hidden_state[:, 0].float()  # type: ignore[no-any-return]


def probabilities(model: torch.nn.Module, head: Head, embeds: torch.Tensor) -> torch.Tensor:
    """float32 [n, labels] by the published route."""
    return torch.sigmoid(head.classifier(decode(model, head.projection(embeds))))
