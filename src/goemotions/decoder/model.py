"""The decoder as a function of its input embedding: layer by layer, all rows through one before the next."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import torch

from goemotions.decoder.layer import Layer, StoredLayer, check_finite, read_layer, read_vector, rms_norm
from goemotions.decoder.lora import Adapter
from goemotions.decoder.plan import Plan, make_plan
from goemotions.decoder.tensors import TensorSource
from goemotions.errors import ModelError


class SingleTokenDecoder:
    """Last hidden states of one-token sequences. Safe to use from several threads.

    Attributes:
        config: the base's sizes.
        plan: how it computes.
    """

    def __init__(
        self,
        source: TensorSource,
        adapter: Adapter | None = None,
        *,
        device: str = "auto",
        precision: str = "auto",
        quantise: bool = False,
        micro_batch: int | None = None,
    ) -> None:
        """
        Args:
            quantise: turn a base that is not 4-bit into NF4, as the published route does on loading.
            micro_batch: rows that go through a layer together, instead of the plan's.

        Raises:
            ModelError: a base that is incomplete, damaged or does not fit the machine.
        """
        self.config = source.config
        four_bit = quantise or source.quantisation == "nf4"
        plan = make_plan(source.config, four_bit, device, precision)
        self.plan: Plan = replace(plan, micro_batch=micro_batch or plan.micro_batch)
        weights = adapter.weights if adapter else {}
        self._stored = [
            read_layer(source, layer, {name: low for (at, name), low in weights.items() if at == layer}, quantise)
            for layer in range(self.config.num_layers)
        ]
        self._norm = read_vector(source, "norm.weight", self.config.hidden_size).to(self.plan.device)
        self._ready: dict[tuple[str, int], Layer] = {}
        self._lock = threading.Lock()

    @torch.inference_mode()
    def __call__(self, states: torch.Tensor) -> torch.Tensor:
        """The states after the final normalisation.

        *Shape:* float32 [n, hidden] → [n, hidden], on the plan's device.

        Raises:
            ModelError: states that are not finite (the layer is named).
        """
        states = states.to(self.plan.device, torch.float32, copy=True)
        if not len(states):
            return states  # the 4-bit kernels crash the process on nothing
        for number, layer in enumerate(self._layers(states.shape[0])):
            for rows in torch.split(states, self.plan.micro_batch):
                rows.copy_(layer(rows))
            check_states(states, number)
        return rms_norm(states, self._norm, self.config.norm_eps)

    def _layers(self, rows: int) -> Iterator[Layer]:
        """The layers, ready for products of so many rows."""
        device, dtype = self.plan.device, self.plan.dtype
        for number, stored in enumerate(self._stored):
            if rows <= self.plan.fused_rows:
                yield self._kept("fused", number, stored, lambda stored: stored.fused(device))
            elif self.plan.keep_dense:
                yield self._kept("dense", number, stored, lambda stored: stored.dense(dtype, device))
            else:
                yield stored.dense(dtype, device)

    def _kept(self, kind: str, number: int, stored: StoredLayer, make: Callable[[StoredLayer], Layer]) -> Layer:
        with self._lock:
            if (kind, number) not in self._ready:
                self._ready[kind, number] = make(stored)
            return self._ready[kind, number]


def check_states(states: torch.Tensor, layer: int) -> None:
    try:
        check_finite(states, "states")
    except ModelError:
        raise ModelError(
            f"the decoder's states are not finite after layer {layer}: "
            "the base, the adapter or the input is out of range"
        ) from None
