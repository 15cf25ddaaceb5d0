"""Sentence encoders: texts in, one vector per text out, for the models that build on a frozen encoder.

A model trained on one encoder's vectors gives nonsense on another's, so each encoder has a fingerprint of its weights
and :func:`check_same` compares it with the one a model names.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from goemotions.catalog import shipped
from goemotions.encoders.base import Encoder
from goemotions.encoders.facts import FACTS
from goemotions.errors import EncoderError, nearest

LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\]|localhost)[:/]")
SAVED_MODEL = "saved-model"
"""The id of an encoder given as a folder: which one it holds only its fingerprint can say."""


def find_encoder(name: str | Path | Encoder, *, threads: int | None = None) -> Encoder:
    """Return an encoder by name. Weights are fetched and loaded when they are first needed, not here.

    Args:
        name: ``"compact"`` or another shipped model or model directory, for its states; ``"use-multilingual-v3"``,
            ``"use-v4"``, the https handle of a TF-Hub text encoder, the folder of a TensorFlow SavedModel; or an
            encoder, which is given back as it is. A SavedModel is a program that runs with your rights: name only one
            you trust.
        threads: that compute; None for one per core.

    Raises:
        EncoderError: nothing of that name, or a folder that is no whole SavedModel.
        MissingExtraError: the encoder's optional dependencies are not installed.
        TypeError, ValueError: ``name`` is neither a name nor an encoder, or ``threads`` is below 1.
    """
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be at least 1, got {threads}")
    if not isinstance(name, (str, Path)):
        # Not isinstance(name, Encoder): that would read the property, and so hash the weights.
        if not hasattr(name, "encode"):
            raise TypeError(f"expected an encoder's name, path or an object with encode(), got {type(name).__name__}")
        return name
    if isinstance(name, str) and name in FACTS and FACTS[name].module:
        make: Callable[[int | None], Encoder] = importlib.import_module(FACTS[name].module).make_encoder
        return make(threads)
    if names_a_model(name):
        states = importlib.import_module("goemotions.architectures.states").ModelStates(name, threads)
        return cast(Encoder, states)
    from goemotions.encoders.use_tfhub import USE_V4, TensorFlowEncoder, make_encoder

    if name == USE_V4:
        return make_encoder(threads)
    if isinstance(name, str) and name.startswith(("http://", "https://")):
        if name.startswith("http://") and not LOOPBACK.match(name):
            raise EncoderError(f"{name} would come unprotected, and a SavedModel is a program: give an https address")
        return TensorFlowEncoder(name, id=name, threads=threads)
    path = Path(name).expanduser()
    if not str(name) or not path.exists():
        raise EncoderError(
            f"no encoder {str(name)!r}: no such folder, no https handle of TF-Hub, and not one of "
            f"{', '.join(FACTS)}{nearest(str(name), FACTS)}"
        )
    return TensorFlowEncoder(path, id=SAVED_MODEL, threads=threads)


def names_a_model(name: str | Path) -> bool:
    """Return True for a shipped model and for a model directory: its states are an encoder."""
    return str(name) in shipped().models or (Path(name).expanduser() / "config.json").is_file()


def check_same(encoder: Encoder, wanted: Mapping[str, object]) -> None:
    """Refuse an encoder other than the one a model was trained on.

    Ids are compared first, which costs nothing; then, if the model names one, the fingerprint, for which the encoder's
    files are read (and fetched). An encoder known by a folder or an address alone is compared by its fingerprint only.

    Args:
        wanted: the ``encoder`` entry of the model's ``config.json``: ``id``, and where known ``revision`` and
            ``fingerprint``.

    Raises:
        EncoderError: it is another one; the message names both and how to use it nevertheless.
    """
    wanted_id, wanted_print = wanted.get("id"), wanted.get("fingerprint")
    if wanted_id is not None and encoder.id != wanted_id and _is_name(encoder.id) and _is_name(str(wanted_id)):
        raise _another(f"{encoder.id} ({encoder.revision})", f"{wanted_id} ({wanted.get('revision', 'any revision')})")
    if wanted_print is not None and encoder.fingerprint != wanted_print:
        raise _another(
            f"{encoder.id} ({encoder.revision}, SHA-256 {encoder.fingerprint:.12}…)",
            f"{wanted_id} ({wanted.get('revision', 'any revision')}, SHA-256 {wanted_print!s:.12}…)",
        )


def _is_name(id: str) -> bool:
    return id != SAVED_MODEL and "://" not in id


def _another(got: str, expected: str) -> EncoderError:
    return EncoderError(
        f"the model was trained on the encoder {expected}, got {got}, whose vectors mean something else; "
        "name the one it was trained on by encoder= (--encoder), or, to use this one nevertheless: "
        "allow_other_encoder=True, --allow-other-encoder on the command line"
    )
