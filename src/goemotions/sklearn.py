"""scikit-learn's way (extra ``sklearn``): features of a model for any estimator, and ``goemotions fit`` as one.

>>> from sklearn.pipeline import make_pipeline
>>> from sklearn.svm import LinearSVC
>>> make_pipeline(EmotionFeatures(), LinearSVC()).fit(texts, labels)
>>> FittedEmotions().fit(texts, labels).predict(["The parcel came three days late"])
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from goemotions.classifier import EmotionClassifier
from goemotions.errors import MissingExtraError
from goemotions.fitting.directory import fitted_content
from goemotions.fitting.fit import fit_rows
from goemotions.fitting.rows import as_rows
from goemotions.predictions import accepted, check_texts, is_blank

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
    from sklearn.utils.multiclass import type_of_target
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise MissingExtraError("goemotions.sklearn", "sklearn") from error

FEATURES = ("states", "probabilities")
LEAST_ROWS = 8


class LoadedOnce:
    """An estimator that keeps its model once it is loaded, but not in its state: it is made again where it is used."""

    _classifier: EmotionClassifier | None = None

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()  # type: ignore[assignment]
        return {name: value for name, value in state.items() if name != "_classifier"}


class EmotionFeatures(LoadedOnce, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Texts to features: the states of a model, or the probabilities of its labels.

    Attributes:
        feature_names_: of the columns.
    """

    def __init__(self, model: str | Path | None = None, features: str = "states", threads: int | None = None) -> None:
        """
        Args:
            model: as of :class:`goemotions.EmotionClassifier`.
            features: ``"states"``, of ``compact`` 384 numbers, or ``"probabilities"``, one per label.
            threads: that compute; None for one per core.
        """
        self.model = model
        self.features = features
        self.threads = threads

    def fit(self, X: Iterable[str], y: object = None) -> Self:  # noqa: N803
        """Check the parameters; nothing is learnt from the texts.

        Raises:
            ValueError: other features.
            ModelError: a model that is not there, or without states.
        """
        if self.features not in FEATURES:
            raise ValueError(f"features must be one of {', '.join(FEATURES)}, got {self.features!r}")
        check_texts(X)
        self._classifier = classifier = EmotionClassifier(self.model, threads=self.threads)
        width = self._compute(classifier, [""]).shape[1]
        own = self.features == "probabilities"
        self.feature_names_ = list(classifier.labels) if own else [f"state_{number}" for number in range(width)]
        return self

    def transform(self, X: Iterable[str]) -> npt.NDArray[np.float32]:  # noqa: N803
        """Return the features of texts, float32 [n, features]."""
        check_is_fitted(self, "feature_names_")
        if self._classifier is None:
            self._classifier = EmotionClassifier(self.model, threads=self.threads)
        return self._compute(self._classifier, check_texts(X))

    def _compute(self, classifier: EmotionClassifier, texts: list[str]) -> npt.NDArray[np.float32]:
        return classifier.states(texts) if self.features == "states" else classifier.score(texts).probabilities

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the columns."""
        check_is_fitted(self, "feature_names_")
        return np.array(self.feature_names_, dtype=object)

    def __sklearn_tags__(self) -> Any:
        return of_texts(super().__sklearn_tags__())


class FittedEmotions(LoadedOnce, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """``goemotions fit`` as an estimator: one label per text, or an indicator matrix for any number of them.

    Its state is whole: it can be pickled and loaded where the base is installed.

    Attributes:
        classes_: the labels, sorted; of an indicator matrix its columns' numbers.
        files_: the fitted model's directory, as the content of each file.
        multilabel_: it was fitted on an indicator matrix.
    """

    def __init__(
        self,
        base: str | Path = "compact",
        label_map: str | None = None,
        label_names: Sequence[str] | None = None,
        threads: int | None = None,
        random_state: int = 0,
    ) -> None:
        """
        Args:
            base, label_map: as of :func:`goemotions.fit`.
            label_names: of an indicator matrix's columns, for labels that the base knows.
            random_state: of the cross-validation.
        """
        self.base = base
        self.label_map = label_map
        self.label_names = label_names
        self.threads = threads
        self.random_state = random_state

    def fit(self, X: Iterable[str], y: Any) -> Self:  # noqa: N803
        """Fit to texts and their labels.

        Raises:
            ValueError: too few rows or classes, or labels of another kind.
        """
        texts = check_texts(X)
        names, chosen = self._read_labels(y)
        if len(texts) != len(chosen):
            raise ValueError(f"{len(texts)} texts, but {len(chosen)} rows of labels")
        if len(texts) < LEAST_ROWS:
            raise ValueError(f"n_samples={len(texts)} texts, expected at least {LEAST_ROWS}")
        ids = [str(number) for number in range(1, len(texts) + 1)]
        rows = as_rows(texts, chosen, names, not self.multilabel_, ids, "labels", "")
        fitted = fit_rows(rows, self.base, label_map=self.label_map, seed=int(self.random_state), threads=self.threads)
        self.files_ = fitted_content(fitted.files, "fitted")
        self._classifier = None
        return self

    def _read_labels(self, y: Any) -> tuple[tuple[str, ...], list[list[str]]]:
        """Return the labels' names and those of each row; sets ``classes_`` and ``multilabel_``.

        Raises:
            ValueError: fewer than two classes, or a target that is neither classes nor an indicator matrix.
        """
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        kind = type_of_target(y, input_name="y")
        self.multilabel_ = kind == "multilabel-indicator"
        if kind not in ("binary", "multiclass", "multilabel-indicator"):
            raise ValueError(f"Unknown label type: {kind}; expected one class per text, or an indicator matrix")
        if self.multilabel_:
            dense = y.toarray() if hasattr(y, "toarray") else np.asarray(y)
            self.classes_ = np.arange(dense.shape[1])
            given = self.label_names or [f"label {number}" for number in self.classes_]
            if len(given) != dense.shape[1]:
                raise ValueError(f"label_names has {len(given)} names, y has {dense.shape[1]} columns")
            names = tuple(given)
            return names, [[name for name, value in zip(names, row, strict=True) if value] for row in dense.tolist()]
        self.classes_, places = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"one class, {self.classes_[0]!r}: a classifier needs at least two")
        names = tuple(str(one) for one in self.classes_)
        return names, [[names[place]] for place in places.ravel()]

    def predict_proba(self, X: Iterable[str]) -> npt.NDArray[np.float32]:  # noqa: N803
        """Return the probability of each class, float32 [n, classes]; of a single label they add up to 1."""
        check_is_fitted(self, "files_")
        return self._loaded().score(check_texts(X)).probabilities

    def predict(self, X: Iterable[str]) -> npt.NDArray[Any]:  # noqa: N803
        """Return the most probable class of each text; or an indicator matrix, by thresholds, if fitted on one.

        A blank text has the most probable class too, and a row of zeros.
        """
        texts = check_texts(X)
        probabilities = self.predict_proba(texts)
        if not self.multilabel_:
            return np.asarray(self.classes_[probabilities.argmax(1)])
        given = accepted(probabilities, self._loaded().thresholds)
        given[[row for row, text in enumerate(texts) if is_blank(text)]] = False
        return given.astype(np.int64)

    def _loaded(self) -> EmotionClassifier:
        """Return the model, from its files."""
        if self._classifier is None:
            with tempfile.TemporaryDirectory(prefix="goemotions-") as folder:
                write_files(Path(folder), self.files_)
                self._classifier = EmotionClassifier(folder, threads=self.threads)
        return self._classifier

    def save(self, directory: str | Path) -> None:
        """Write the model as a directory, for every command."""
        check_is_fitted(self, "files_")
        Path(directory).mkdir(parents=True, exist_ok=True)
        write_files(Path(directory), self.files_)

    def __sklearn_tags__(self) -> Any:
        tags = of_texts(super().__sklearn_tags__())
        tags.classifier_tags.multi_label = True
        return tags


def of_texts(tags: Any) -> Any:
    """Return an estimator's tags with texts as its input."""
    tags.input_tags.string = True
    tags.input_tags.two_d_array = False
    return tags


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, by their names."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
