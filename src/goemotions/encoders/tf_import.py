"""TensorFlow, imported so that a program which only wants embeddings does not notice: quiet, and not on the GPU."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import re
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from typing import Any

from goemotions.errors import EncoderError, MissingExtraError
from goemotions.installation import install_command

START_UP_LINE = re.compile(
    rb"WARNING: All log messages before absl|[IWE]\d{4} \d\d:|\d{4}-\d\d-\d\d [\d:.]+: [IWE] |"
    rb"To enable the following instructions"
)
IMPORTING = threading.Lock()


def require(feature: str, *modules: str) -> None:
    """Check that ``modules`` are installed, without importing them.

    Raises:
        MissingExtraError: one is not.
    """
    if any(importlib.util.find_spec(module) is None for module in modules):
        raise MissingExtraError(feature, "tfhub")


def require_tensorflow_hub(feature: str) -> None:
    """Check that TensorFlow and TF-Hub are installed, and what TF-Hub imports without always bringing it.

    Raises:
        MissingExtraError, EncoderError: what to install.
    """
    require(feature, "tensorflow", "tensorflow_hub", "tf_keras")
    if importlib.util.find_spec("pkg_resources") is None:
        raise EncoderError(
            f"{feature} needs tensorflow-hub, which imports pkg_resources, and the installed setuptools no longer has "
            'it: pip install "setuptools<81" (the folder of a SavedModel as encoder=PATH does without tensorflow-hub)'
        )


def import_tensorflow(threads: int | None = None) -> Any:
    """The module ``tensorflow``.

    If the host program has imported it, it is taken as it is. Else its start-up messages are kept off stderr (unless
    TF_CPP_MIN_LOG_LEVEL is set), its GPUs are hidden from it, since by default it takes their whole memory and the
    decoder needs that, and ``threads`` is set.

    Raises:
        EncoderError: it is installed, but importing it fails.
    """
    with IMPORTING:
        ours = "tensorflow" not in sys.modules
        try:
            with _quiet() if ours else contextlib.nullcontext():
                import tensorflow as tf

                if ours:
                    tf.config.set_visible_devices([], "GPU")
                    if threads is not None:
                        tf.config.threading.set_intra_op_parallelism_threads(threads)
                    tf.config.list_logical_devices()  # starts it, with the last of its messages
        except Exception as error:  # a broken installation fails with much else than ImportError
            raise _broken("tensorflow", error) from error
        return tf


def import_tensorflow_hub() -> Any:
    """The module ``tensorflow_hub``, which prints on stdout when it fails, and warns of ``pkg_resources``.

    Raises:
        EncoderError: it is installed, but importing it fails.
    """
    with IMPORTING, warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            import tensorflow_hub
        except Exception as error:
            raise _broken("tensorflow-hub", error) from error
        return tensorflow_hub


def _broken(package: str, error: Exception) -> EncoderError:
    reason = one_line(error)
    return EncoderError(
        f"{package} is installed but cannot be imported ({reason}): {install_command('tfhub')} --upgrade"
    )


def one_line(error: BaseException) -> str:
    """The first line of what ``error`` says, or its type if it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Leave TensorFlow's start-up lines out of stderr; whatever else is written there follows at the end.

    They are written by C++, the first of them before any setting counts: so the file descriptor is turned aside.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"  # it is read once: from here on errors only
    try:
        stderr = os.dup(2)
    except OSError:  # a program without a standard error
        stderr = None
    try:
        with tempfile.TemporaryFile() as aside:
            if stderr is not None:
                os.dup2(aside.fileno(), 2)
            try:
                yield
            finally:
                if stderr is not None:
                    os.dup2(stderr, 2)
                    os.close(stderr)
                aside.seek(0)
                others = [line for line in aside if not START_UP_LINE.match(line)]
                if others:
                    os.write(2, b"".join(others))
    finally:
        os.environ.pop("TF_CPP_MIN_LOG_LEVEL", None)
