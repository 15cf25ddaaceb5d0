"""The classifier everyone uses: texts in, emotions out. Thresholds and formatting are here, the model is behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Unpack, cast

import numpy as np
import numpy.typing as npt

from goemotions import thresholds as thresholding
from goemotions.architectures import load_model
from goemotions.architectures.base import EmbeddingArchitecture, LoadOptions, all_features, check_embeddings
from goemotions.architectures.prepared import Features, Prepared, check_finite
from goemotions.catalog import find_model
from goemotions.checkpoint import config_bytes, copy_directory, read_config
from goemotions.data.origin import languages_read
from goemotions.encoders.base import Encoder
from goemotions.errors import ModelError
from goemotions.explaining.explanation import Explanation
from goemotions.explaining.leave_out import explain
from goemotions.frames import AnnotateOptions, Frame, annotate_frame
from goemotions.languages import REST, Languages, installed, languages_of, unread_note
from goemotions.predictions import (
    LongText,
    Prediction,
    PredictOptions,
    Scored,
    Threshold,
    check_texts,
    predictions_of,
    read_windows,
    sigmoid,
    warn_of_unread,
)
from goemotions.stored_thresholds import BY_LANGUAGE, threshold_keys, warn_of_common


class EmotionClassifier:
    """Gives each text the emotions whose probability reaches its label's threshold.

    Safe to use from several threads. A text's result does not depend on the texts beside it.

    Attributes:
        labels: the model's labels, in the order of every array of probabilities.
        device: where it computes.
        threshold: the one number in the model's ``config.json``, or the one given.
        thresholds: what ``predict`` uses, one per label, with the rule for a label such as neutral beside others.
        calibration: the map on logits that is applied before thresholds, or None.
        languages: those that the model reads, as BCP 47 tags; empty where that is not known.
        unreliable_labels: the labels too rare in the test data to be sure of, with their positives there.
        base: of an ``embedding-llm`` or a fitted model, which base was loaded; None for others.
        config: the model's ``config.json``, checked.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        device: str = "auto",
        threshold: Threshold = None,
        backbone: str | Path | None = None,
        encoder: str | Path | Encoder | None = None,
        precision: str = "auto",
        allow_other_encoder: bool = False,
        max_memory: int | None = None,
        threads: int | None = None,
        batch_size: int | None = None,
    ) -> None:
        """
        Args:
            model: the name of a shipped model, a model directory, or a hub id ``org/name[@revision]``; ``"auto"`` for
                the shipped model that reads a text's language; None is the bundled default.
            device: ``"auto"``, ``"cpu"``, or for an ``embedding-llm`` ``"cuda"``.
            threshold: for every label (a number from 0 to 1) or for some (a map); None keeps the model's own.
            backbone: of an ``embedding-llm``, the base to use: a folder, a ``.gguf`` file or a hub id, which is
                downloaded; None takes the one the model names from the hub's cache.
            encoder: of an ``embedding-*``, the sentence encoder: ``"compact"`` or a model directory (its states),
                ``"use-v4"``, ``"use-multilingual-v3"``, a SavedModel's folder, an object; None: the one trained on.
            precision: of an ``embedding-llm``'s matrix products: ``"auto"``, ``"float32"`` or ``"bfloat16"``.
            allow_other_encoder: do not refuse an encoder that the model was not trained on.
            max_memory: of an ``embedding-llm``: bytes that the process may take of the device's memory; with less than
                the base has it is read from disk in each pass. None for what is free.
            threads: that compute; None for one per core. For an ``embedding-llm`` torch's, which are the process's.
            batch_size: texts computed together; it changes speed and memory, not results. None lets the model choose.

        Raises:
            ModelError: a model that is not there, incomplete or damaged, or does not fit its base, encoder or machine.
            MissingExtraError: the model needs an optional part.
            TypeError, ValueError: a threshold that is no number from 0 to 1, or for an unknown label.
        """
        self.directory = find_model(model)
        self.config = read_config(self.directory)
        self.labels = self.config.labels
        self.thresholds = thresholding.resolve(threshold, self.config.thresholds)
        one = None if isinstance(threshold, Mapping) else threshold
        self.threshold = self.config.threshold if one is None else float(one)
        self.unreliable_labels = self.config.unreliable_labels
        warn_of_common(self.thresholds, self.config.name)
        self.calibration = self.config.calibration
        self.languages = languages_read(self.directory, self.config)
        # Common words alone leave too many texts unknown to choose thresholds by; a warning they can give.
        self._tells_languages = bool(self.languages) and (installed() or not self.thresholds.by_language)
        self._options = LoadOptions(
            device, threads, batch_size, backbone, encoder, precision, allow_other_encoder, max_memory
        )
        self._model = load_model(self.directory, self.config, self._options)
        self.device, self.base = self._model.device, self._model.base

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by reference to the directory, whose files are read again."""
        given = vars(self._options) | {"threshold": self.thresholds}
        return partial(type(self), str(self.directory.absolute()), **given), (), {"threshold": self.threshold}

    @property
    def encoder(self) -> Encoder:
        """Return the sentence encoder of a model that classifies embeddings, found and checked at first use.

        Raises:
            ModelError: a model without one, or an encoder that is not there, broken or another than trained on.
        """
        return self._embedding_model().encoder

    def predict(
        self,
        texts: Iterable[str],
        threshold: Threshold = None,
        *,
        top_k: int | None = None,
        reliable_only: bool = False,
        long_text: LongText = "cut",
    ) -> list[dict[str, float]]:
        """Return the emotions of each text.

        Args:
            texts: any number of str; each may be empty or of any length.
            threshold: for this call: a number for every label (0 gives all of them), or a map for some; None keeps
                ``self.thresholds``. A probability equal to its threshold is accepted.
            top_k: at most so many emotions per text.
            reliable_only: leave out ``self.unreliable_labels``.
            long_text: what to do with more than the model reads: ``"cut"`` it (with a warning that counts the
                texts), or read it in overlapping ``"windows"`` and take each label's maximum.

        Returns:
            One dict per text, in order: label to probability, highest first, 4 decimals; empty if no label reaches
            its threshold, and always for a text that is empty or only white space.

        Raises:
            TypeError: a bare str, or something that is not a str among the texts (its index is named).
            TypeError, ValueError: a threshold or ``top_k`` that is no number or out of range, or another ``long_text``.
        """
        predictions = self.predictions(texts, PredictOptions(threshold, top_k, reliable_only, long_text))
        unread = self.unread_note(Counter(each.language for each in predictions))
        warn_of_unread([each.truncated for each in predictions], self.config.max_length, unread)
        return [prediction.emotions for prediction in predictions]

    def predictions(self, texts: Iterable[str], options: PredictOptions | None = None) -> list[Prediction]:
        """Return what ``predict`` finds in each text, with which texts were cut and every label's probability.

        Nothing warns of texts that were cut, or in languages that the model does not read. Errors as ``predict``.
        """
        options = options or PredictOptions()
        checked = check_texts(texts)
        return self.decide(self.score(checked, long_text=options.long_text), options, checked)

    def annotate(self, frame: Frame, column: str, **options: Unpack[AnnotateOptions]) -> Frame:
        """Return a frame of pandas, polars, pyarrow or others with the emotions of a column of texts.

        Options: those of ``predict``, ``all_scores``, ``explain``, ``show_language``, and ``columns``: ``"nested"``,
        ``"wide"`` or ``"long"``.
        """
        return annotate_frame(self, frame, column, options)

    def explain(
        self, texts: Iterable[str], labels: Iterable[str] | None = None, *, long_text: LongText = "cut"
    ) -> list[Explanation]:
        """Return what each word of each text adds to each of ``labels`` (None for all).

        Errors as ``predict``, and a ValueError for labels that the model does not have.
        """
        return explain(partial(self._without_languages, long_text=long_text), check_texts(texts), self.labels, labels)

    def decide(self, scored: Scored, options: PredictOptions, texts: Sequence[str] | None = None) -> list[Prediction]:
        """Return the predictions for what :meth:`score` or :meth:`compute` gave; errors as ``predict``.

        Args:
            texts: what was scored; the blank ones have no emotions. None for texts of which none is blank.
        """
        cuts = self.thresholds if (given := options.threshold) is None else thresholding.resolve(given, self.thresholds)
        left_out = self.unreliable_labels if options.reliable_only else ()
        top_k = 1 if self.chooses_one(cuts) else options.top_k
        return predictions_of(scored, cuts, texts=texts, left_out=left_out, top_k=top_k, model_of=self.model_for)

    def model_for(self, language: str | None) -> str:
        """Return the name of the model that answers texts in a language; None for one that is not known."""
        return self.config.members.get(language or "", self.config.members.get(REST, self.config.name))

    def chooses_one(self, thresholds: Mapping[str, float]) -> bool:
        """Return whether each text is given its most probable label alone: by a single-label model's own thresholds."""
        return self.config.single and thresholds == self.config.thresholds

    def predict_proba(self, texts: Iterable[str], *, long_text: LongText = "cut") -> npt.NDArray[np.float32]:
        """Return the probability of each label for each text, float32 [n, labels]; arguments and errors as ``predict``.

        An empty text has the model's own numbers here, although ``predict`` finds no emotion in it.
        """
        scored = self.score(texts, long_text=long_text)
        warn_of_unread(scored.truncated, self.config.max_length, self.unread_note(Counter(scored.tags)))
        return scored.probabilities

    def unread_note(self, counts: Mapping[str | None, int]) -> str | None:
        """Return what is said of texts, by language, that the model does not read; None if they are few or none."""
        return unread_note(counts, self.languages, self.config.name) if self._tells_languages else None

    def score(self, texts: Iterable[str], *, long_text: LongText = "cut", calibrated: bool = True) -> Scored:
        """Logits of each text, and which texts were cut; errors as ``predict``.

        Args:
            calibrated: False for the logits before the model's calibration, if it has one.
        """
        checked = check_texts(texts)
        scored = self._without_languages(checked, long_text, calibrated)
        return scored._replace(languages=self._languages_of(checked, scored.languages))

    def _without_languages(self, texts: list[str], long_text: LongText, calibrated: bool = True) -> Scored:
        """Return what :meth:`score` does, of checked texts; languages only where the model needs them to answer."""
        scored = self._model.score(texts, windows=read_windows(long_text))
        return scored._replace(logits=self._finished(scored.logits, calibrated))

    def prepare(self, texts: Iterable[str], *, long_text: LongText = "cut") -> Prepared:
        """The first half of :meth:`score`, of a few thousand texts at most, to overlap both; errors as ``predict``."""
        checked = check_texts(texts)
        prepared = self._model.prepare(checked, windows=read_windows(long_text))
        return prepared._replace(languages=self._languages_of(checked, prepared.languages))

    def compute(self, prepared: Prepared) -> Scored:
        """The other half of :meth:`score`: calibrated logits of what :meth:`prepare` gave."""
        scored = self._model.compute(prepared)
        return scored._replace(logits=self._finished(scored.logits), languages=prepared.languages)

    def _languages_of(self, texts: Sequence[str], known: Languages | None) -> Languages | None:
        """Return the languages of texts, if the model told them or if they can be told and matter."""
        return languages_of(texts) if known is None and self._tells_languages else known

    def _finished(self, logits: npt.NDArray[np.float32], calibrated: bool = True) -> npt.NDArray[np.float32]:
        """Logits as every way out gives them: calibrated; a ModelError if the model gives NaN or infinity."""
        if calibrated and self.calibration is not None:
            logits = self.calibration.apply(logits, self.labels)
        name = f"{self.config.name} in {self.directory}"
        return logits if np.isfinite(logits).all() else check_finite(logits, self.labels, name)

    def features(self, texts: Iterable[str]) -> Features:
        """The model's own logits, not calibrated, and :meth:`states`, which has the errors too."""
        return all_features(self._model, check_texts(texts))

    def states(self, texts: Iterable[str]) -> npt.NDArray[np.float32]:
        """The state of each text, float32 [n, width]: what the model's last layer makes its logits of.

        Of ``compact`` 384 numbers, the mean over its tokens; of ``embedding-*`` the embedding. Longer texts are cut.

        Raises:
            ModelError: a graph that does not end in a linear layer on one vector per text.
            TypeError: as ``predict``.
        """
        return self.features(texts).states

    def encode(self, texts: Iterable[str]) -> npt.NDArray[np.float32]:
        """The sentence embedding of each text, float32 [n, embed_dim]; longer texts are cut. Errors as ``predict``,
        and a ModelError for a model without a sentence encoder of its own.
        """
        return self._embedding_model().encode(check_texts(texts))

    def predict_proba_from_embeddings(self, embeddings: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Return the probability of every label for each embedding, float32 [n, labels]; the encoder is not needed.

        Args:
            embeddings: numbers [n, embed_dim], of the encoder that the model was trained on.

        Raises:
            ModelError: a model that does not take embeddings.
            ValueError: another shape, or numbers that are not finite.
        """
        model = self._embedding_model()
        return sigmoid(self._finished(model.logits(check_embeddings(embeddings, model.embed_dim))))

    def _embedding_model(self) -> EmbeddingArchitecture:
        if self.config.embed_dim is None:
            raise ModelError(f"{self.config.name} has no sentence embeddings: only models embedding-* have")
        return cast(EmbeddingArchitecture, self._model)

    def save(self, directory: str | Path) -> None:
        """Write this model, with its present thresholds, as a directory that can be loaded again."""
        kept = {key: value for key, value in self.config.raw.items() if key not in ("calibration", BY_LANGUAGE)}
        config = kept | {"threshold": self.threshold} | threshold_keys(self.thresholds)
        if self.calibration is not None:
            config["calibration"] = self.calibration.as_dict()
        copy_directory(self.directory, Path(directory), {"config.json": config_bytes(config)})
