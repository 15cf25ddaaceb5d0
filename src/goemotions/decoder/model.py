"""The decoder as a function of its input embedding: layer by layer, all rows through one before the next."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch

from goemotions.decoder.layer import (
    Buffers,
    Layer,
    StoredLayer,
    all_finite,
    read_layer,
    read_vector,
    rms_norm,
)
from goemotions.decoder.lora import Adapter, LowRank
from goemotions.decoder.plan import Plan, Residency, make_plan
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
        max_memory: int | None = None,
        micro_batch: int | None = None,
        plan: Plan | None = None,
    ) -> None:
        """
        Args:
            quantise: turn a base that is not 4-bit into NF4, as the published route does on loading.
            device, precision, max_memory, micro_batch: see :func:`goemotions.decoder.plan.make_plan`.
            plan: instead of what would be made of these.

        Raises:
            ModelError: a base that is incomplete, damaged or does not fit the machine.
        """
        self.config = source.config
        four_bit = quantise or source.quantisation == "nf4"
        self.plan = plan or make_plan(source.config, four_bit, device, precision, max_memory, micro_batch)
        self._source = source
        self._low_ranks: list[dict[str, LowRank]] = [{} for _ in range(self.config.num_layers)]
        for (layer, name), low in (adapter.weights if adapter else {}).items():
            self._low_ranks[layer][name] = low
        # Every layer is looked at now, so that what is wrong with a file is said before work begins.
        stored = [read_layer(source, number, low, quantise) for number, low in enumerate(self._low_ranks)]
        on_gpu = self.plan.device.type == "cuda" and self.plan.residency == Residency.STORED
        keep = quantise or on_gpu
        self._stored = [layer.to(self.plan.device) if on_gpu else layer for layer in stored] if keep else None
        self._norm = read_vector(source, "norm.weight", self.config.hidden_size).to(self.plan.device)
        self._ready: dict[tuple[str, int], Layer] = {}
        self._small_calls = 0
        self._lock = threading.Lock()

    @torch.inference_mode()
    def __call__(self, states: torch.Tensor) -> torch.Tensor:
        """The states after the final normalisation.

        *Shape:* float32 [n, hidden] → [n, hidden], on the plan's device. All n rows go through a layer before the next;
        memory grows with them, so callers cut what is more than ``plan.pass_rows``.

        Raises:
            ModelError: states that are not finite (the layer is named).
        """
        states = states.to(self.plan.device, torch.float32, copy=True)
        if not len(states):
            return states  # the 4-bit kernels crash the process on nothing
        with self._lock:  # two passes at once would be no faster, and take twice the memory
            finite: list[torch.Tensor] = []
            for layer in self._layers(len(states)):
                for rows in torch.split(states, self.plan.micro_batch):
                    rows.copy_(layer(rows))
                finite.append(all_finite(states))
                # After the last alone on a card, which has to be waited for.
                if states.device.type == "cpu" or len(finite) == self.config.num_layers:
                    check_states(finite)
        return rms_norm(states, self._norm, self.config.norm_eps)

    def _layers(self, rows: int) -> Iterator[Layer]:
        """The layers, ready for products of so many rows."""
        if self._use_kernels(rows):
            yield from self._kept("fused")
        elif self.plan.residency == Residency.DENSE:
            yield from self._kept("dense")
        else:
            yield from self._anew(rows)

    def _use_kernels(self, rows: int) -> bool:
        """Return True if a pass goes through 4-bit kernels.

        Laying a large model's codes out for them takes longer than one pass without: not for the first call.
        """
        if rows > self.plan.fused_rows:
            return False
        self._small_calls += 1
        return self.plan.residency == Residency.DENSE or self._small_calls > 1 or self._stored is not None

    def _kept(self, kind: str) -> Iterator[Layer]:
        device, dtype = self.plan.device, self.plan.dtype
        for number in range(self.config.num_layers):
            if (kind, number) not in self._ready:
                stored = self._read(number)
                self._ready[kind, number] = stored.fused(device) if kind == "fused" else stored.dense(dtype, device)
                del stored
                self._source.release()
            yield self._ready[kind, number]

    def _anew(self, rows: int) -> Iterator[Layer]:
        """Each layer from what is stored, made plain where the one before lay; meanwhile the next one's pages are read.

        On a CPU its parts are made plain as they multiply, if that is done once or there is no room for a whole layer.
        """
        device, dtype = self.plan.device, self.plan.dtype
        in_parts = device.type == "cpu" and (rows <= self.plan.micro_batch or not self.plan.whole_layers)
        buffers = Buffers()
        with ThreadPoolExecutor(1) as ahead:
            following: Future[StoredLayer] = ahead.submit(self._read, 0)
            for number in range(self.config.num_layers):
                stored = following.result()
                layer = stored.unpacked(dtype) if in_parts else stored.dense(dtype, device, buffers)
                if number + 1 < self.config.num_layers:
                    following = ahead.submit(self._read, number + 1, touch=True)
                yield layer
                del stored, layer
                if self.plan.residency == Residency.STREAMED:
                    following.result()
                    self._source.release()

    def _read(self, number: int, touch: bool = False) -> StoredLayer:
        if self._stored is not None:
            return self._stored[number]
        layer = read_layer(self._source, number, self._low_ranks[number])
        if touch:
            layer.touch()
        return layer


def check_states(finite: Sequence[torch.Tensor]) -> None:
    """
    Args:
        finite: for each layer, whether the states after it are.
    """
    wrong = torch.stack(tuple(finite)).logical_not().nonzero()
    if len(wrong):
        raise ModelError(
            f"the decoder's states are not finite after layer {int(wrong[0])}: "
            "the base, the adapter or the input is out of range"
        )
