"""The processes that train one model together: this one alone, or those that ``accelerate launch`` started."""

from __future__ import annotations

import os
from typing import Any

import torch
from torch import Tensor, nn

from goemotions.errors import MissingExtraError


class Processes:
    """Data parallelism: every process holds the whole model, computes some batches, and gradients are added up.

    Attributes:
        count: how many there are.
        rank: which of them this is, from 0.
        device: that this one has for itself; None for one process, which chooses.
    """

    def __init__(self, cpu: bool = True) -> None:
        """
        Args:
            cpu: train on CPUs even where there are cards.

        Raises:
            MissingExtraError: several processes without accelerate.
        """
        self.count, self.rank = 1, 0
        self.device: torch.device | None = None
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            try:
                from accelerate import PartialState
            except ImportError as error:
                raise MissingExtraError("training in several processes", "gpu") from error
            state = PartialState(cpu=cpu)
            self.count, self.rank, self.device = state.num_processes, state.process_index, state.device

    @property
    def main(self) -> bool:
        """True for the one process that writes."""
        return self.rank == 0

    def sum_gradients(self, model: nn.Module) -> None:
        """Replace every gradient by its sum over the processes; one that had no batch counts as zero."""
        if self.count == 1:
            return
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        flat = [torch.zeros_like(p) if p.grad is None else p.grad for p in trained]
        total = self.sum(torch.cat([gradient.flatten() for gradient in flat]))
        for parameter, part in zip(trained, torch.split(total, [p.numel() for p in trained]), strict=True):
            parameter.grad = part.view_as(parameter)

    def sum(self, value: Tensor) -> Tensor:
        """The sum of a tensor over the processes."""
        if self.count == 1:
            return value
        from accelerate.utils import reduce

        result: Tensor = reduce(value, reduction="sum")
        return result

    def gather(self, value: Any) -> list[Any]:
        """Every process's value, in all of them."""
        if self.count == 1:
            return [value]
        from accelerate.utils import gather_object

        return list(gather_object([value]))

    def agree(self, value: Any) -> Any:
        """The first process's value, in all of them."""
        return self.gather(value)[0]

    def wait(self) -> None:
        """Until all have come here."""
        if self.count > 1:
            from accelerate import PartialState

            PartialState().wait_for_everyone()
