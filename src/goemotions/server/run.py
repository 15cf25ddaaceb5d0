"""Run the server: one process, or several that share a socket and are replaced when they die."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import tempfile
from functools import partial
from typing import Any

import uvicorn
from prometheus_client import multiprocess
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from goemotions.catalog import find_model
from goemotions.checkpoint import read_config
from goemotions.errors import GoEmotionsError, ModelError
from goemotions.server.app import create_app, load
from goemotions.server.metrics import SHARED_FOLDER
from goemotions.server.protocol import ServerConfig
from goemotions.server.settings import Settings

logger = logging.getLogger("uvicorn.error")


def serve(settings: Settings) -> None:
    """Serve until a signal to stop, then finish what was accepted.

    Raises:
        ModelError, MissingExtraError: the model cannot be loaded.
        OSError: the address is taken or not this machine's.
        GoEmotionsError: the server ended because of a defect.
    """
    if settings.workers == 1:
        classifier, slots = load(settings)
        app = create_app(settings, classifier, slots)
        run_here(settings, app)
        if app.state.service.batcher.broken:
            raise GoEmotionsError("the server ended because of a defect: see above")
        return
    read_config(find_model(settings.model))  # what is wrong with it is said once, not by each worker
    with listen(settings) as listener, tempfile.TemporaryDirectory(prefix="goemotions-") as figures:
        os.environ[SHARED_FOLDER] = figures
        say_where(listener)
        workers = Workers(ServerConfig(settings, partial(worker_app, settings), factory=True), [listener])
        workers.run()
    if any(process.exitcode == STARTUP_FAILURE for process in workers.processes):
        raise ModelError("a worker could not start: see above")


def run_here(settings: Settings, app: Any) -> None:
    """Run an app in this process until a signal to stop.

    Raises:
        OSError: the address is taken or not this machine's.
    """
    with listen(settings) as listener:
        say_where(listener)
        for number in (
            signal.SIGINT,
            signal.SIGTERM,
        ):  # uvicorn, done, raises what stopped it again: that is no failure
            signal.signal(number, lambda *_: None)
        uvicorn.Server(ServerConfig(settings, app)).run([listener])


def worker_app(settings: Settings) -> Any:
    """Return the app in a worker process; a model that cannot be loaded ends all of them with one line."""
    try:
        classifier, slots = load(settings)
    except GoEmotionsError as error:
        logger.error("%s", error)
        sys.exit(STARTUP_FAILURE)
    return create_app(settings, classifier, slots)


class Workers(Multiprocess):
    """uvicorn's worker processes."""

    def terminate_all(self) -> None:
        """Let go of the socket first: while the parent holds it, it takes connections that nobody will answer."""
        for listener in self.sockets:
            listener.close()
        super().terminate_all()

    def keep_subprocess_alive(self) -> None:
        """Replace the dead, and forget what they had waiting."""
        before = {process.pid for process in self.processes}
        super().keep_subprocess_alive()
        for pid in before - {process.pid for process in self.processes}:
            multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def listen(settings: Settings) -> socket.socket:
    """Return a socket on the address asked for, which refuses connections until the server runs.

    Raises:
        OSError: the address is taken or not this machine's.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name != "nt":  # there it would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.set_inheritable(True)
    except OSError as error:
        listener.close()
        reason = f"{error.strerror or error}: cannot listen on {settings.host} port {settings.port}"
        raise OSError(error.errno, reason) from None
    return listener


def say_where(listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    print(f"serving on http://{f'[{host}]' if ':' in host else host}:{port}", file=sys.stderr, flush=True)
