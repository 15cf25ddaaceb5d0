"""The Ray cluster that a job joins or starts, and the actors that fit it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import ray

from goemotions.errors import DataError
from goemotions.specs import ARCHITECTURES

ACTOR_SHARE = 0.8
"""Of its one CPU an actor claims this much: with all CPUs claimed, reads and writes would wait for ever."""
OBJECT_STORE = 1 << 30
"""Of a cluster that is started here: what waits between read tasks, actors and write tasks."""


@dataclass(frozen=True)
class ClusterOptions:
    """Options of a job: where it runs, and how it is divided.

    Attributes:
        address: of a running Ray cluster; None joins the one this process is connected to, or starts one here.
        actors: that hold the model; None for as many as fit.
        actor_cpus: CPUs, and threads, of each; None for 1, or for an LLM a node's.
        actor_gpus: GPUs of each; a fraction shares one.
        fragment_rows: at most in a fragment, the unit that is lost in a crash; None for a size that suits the model.
    """

    address: str | None = None
    actors: int | None = None
    actor_cpus: int | None = None
    actor_gpus: float = 0.0
    fragment_rows: int | None = None

    def __post_init__(self) -> None:
        for name in ("actors", "actor_cpus", "fragment_rows"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if self.actor_gpus < 0:
            raise ValueError(f"actor_gpus must not be negative, got {self.actor_gpus}")


@dataclass(frozen=True)
class Actors:
    """The actors that hold the model. CPUs beyond one are claimed whole, less one for reads.

    Attributes:
        number: of actors.
        cpus, gpus: of each.
        memory: bytes that Ray sets aside for each; None for no claim.
    """

    number: int
    cpus: int
    gpus: float = 0.0
    memory: int | None = None

    @property
    def claimed_cpus(self) -> float:
        return ACTOR_SHARE if self.cpus == 1 else self.cpus - 1


@contextmanager
def connection(address: str | None) -> Iterator[None]:
    """Join the cluster at ``address``, or the one this process is connected to, or start one on this machine.

    Raises:
        DataError: no cluster answers there.
    """
    if ray.is_initialized():
        yield
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # this package sends nothing anywhere
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        if address is not None:
            ray.init(address=address, **quiet)
        else:
            ray.init(address="local", include_dashboard=False, object_store_memory=OBJECT_STORE, **quiet)
    except Exception as error:  # Ray raises a plain one where a busy machine takes more than 30 s to start a node
        reason = str(error).splitlines()[0]
        raise DataError(f"no Ray cluster at {address or 'this machine'}: {reason}") from error
    try:
        yield
    finally:
        ray.shutdown()


def choose_actors(options: ClusterOptions, architecture: str, fragments: int, memory: int | None = None) -> Actors:
    """Return the actors, each of so much memory, for a job of so many fragments; needs a connection.

    Raises:
        DataError: no node has the CPUs or GPUs of one actor.
    """
    every: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    nodes = [node["Resources"] for node in every if node["Alive"]]
    cpus = options.actor_cpus or 1
    if options.actor_cpus is None and ARCHITECTURES[architecture].one_actor_per_node:
        cpus = max(1, int(max(node.get("CPU", 0) for node in nodes)))
    gpus = options.actor_gpus
    room = [int(min(node.get("CPU", 0) // cpus, node.get("GPU", 0) // gpus if gpus else cpus * 1e9)) for node in nodes]
    if not sum(room):
        wanted = f"{cpus} CPUs" + (f" and {gpus:g} GPUs" if gpus else "")
        raise DataError(f"none of {len(nodes)} nodes has the {wanted} of one actor: give --actor-cpus or --actor-gpus")
    return Actors(min(options.actors or sum(room), fragments), cpus, gpus, memory)
