"""Settings of a server: the model, where to listen, whom to answer, and every limit."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path

from goemotions.architectures.base import LoadOptions

KEY_VARIABLE = "GOEMOTIONS_API_KEY"
SHORTEST_KEY = 16


@dataclass(frozen=True)
class Settings:
    """Settings of a server.

    Attributes:
        model: as :class:`goemotions.EmotionClassifier` takes it; None is the bundled default.
        load: how to load it.
        host, port: where to listen; port 0 lets the system choose.
        workers: processes, each with a model of its own.
        key: who asks must give it; None answers everyone, which only a loopback address may.
        allow_hosts: further names by which a server without a key may be addressed.
        cors_origins: pages of other origins whose scripts may read answers.
        max_body: bytes of a request.
        max_texts: texts of a request.
        max_chars: characters of a text.
        max_connections: open at once.
        max_batch: texts computed together.
        max_batch_tokens: tokens computed together.
        max_wait: seconds that a text waits for others to be computed with, while the server is busy with other texts.
        max_queue: texts waiting; more are refused with 429.
        deadline: seconds after which a waiting request is given up.
        read_timeout: seconds for a client to send a request, or to take an answer.
        unready_after: seconds that a batch may be tokenised or computed before ``/ready`` answers 503.
        drain: seconds after a signal to stop in which open connections are told so.

    Raises:
        ValueError: a number out of range, or an address beyond loopback without a key.
    """

    model: str | None = None
    load: LoadOptions = field(default_factory=LoadOptions)
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    key: str | None = field(default=None, repr=False)
    allow_hosts: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    max_body: int = 2_000_000
    max_texts: int = 256
    max_chars: int = 100_000
    max_connections: int = 1024
    max_batch: int = 64
    max_batch_tokens: int = 8192
    max_wait: float = 0.005
    max_queue: int = 2048
    deadline: float = 30.0
    read_timeout: float = 10.0
    unready_after: float = 60.0
    drain: float = 1.0

    def __post_init__(self) -> None:
        for name in (
            "workers",
            "max_body",
            "max_texts",
            "max_chars",
            "max_connections",
            "max_batch",
            "max_batch_tokens",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"{option(name)} must be at least 1, got {getattr(self, name)}")
        for name in ("deadline", "read_timeout", "unready_after"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{option(name)} must be above 0 seconds, got {getattr(self, name)}")
        if self.max_wait < 0:
            raise ValueError(f"{option('max_wait')} must not be negative, got {self.max_wait}")
        if self.max_queue < self.max_texts:
            raise ValueError(
                f"--max-queue ({self.max_queue}) must hold one request of --max-texts ({self.max_texts}) at least"
            )
        if "*" in self.cors_origins and self.key is None:
            raise ValueError("--cors-origin '*' lets any page read answers: name origins, or set a key")
        if not self.loopback and self.key is None:
            raise ValueError(
                f"--host {self.host} can be reached by others: a key is needed, in a file (--api-key-file) or in the "
                f"environment's {KEY_VARIABLE}; without one only loopback (127.0.0.1) is served"
            )

    @property
    def loopback(self) -> bool:
        """True if only this machine reaches the server."""
        return is_loopback(self.host)


def option(name: str) -> str:
    """Return the command line's name of a setting."""
    return "--" + name.replace("_", "-")


def is_loopback(host: str) -> bool:
    """Return whether an address is one of this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_key(file: Path | None) -> str | None:
    """Return the key in ``file``, or else in the environment; None if neither is given.

    Raises:
        ValueError: an empty, short or unprintable key, or one that is not ASCII.
    """
    if file is not None:
        key, source = file.read_text(encoding="utf-8").strip(), str(file)
    elif KEY_VARIABLE in os.environ:
        key, source = os.environ[KEY_VARIABLE].strip(), KEY_VARIABLE
    else:
        return None
    if len(key) < SHORTEST_KEY or not (key.isascii() and key.isprintable()) or " " in key:
        raise ValueError(
            f"the key in {source} must be at least {SHORTEST_KEY} printable ASCII characters without spaces, "
            f'got {len(key)}: python -c "import secrets; print(secrets.token_urlsafe(32))" makes one'
        )
    return key
