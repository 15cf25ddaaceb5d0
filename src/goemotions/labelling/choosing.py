"""Which texts come next: such as the model is unsure of, and that differ from each other.

Texts are drawn one after another with a probability that grows with how unsure the model is of a text, and with its
distance from those drawn before (k-means++ of Arthur and Vassilvitskii, 2007, weighted). To take the most uncertain
texts as they come is worse than chance; ``docs/experiments.md`` has the figures.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from goemotions.fitting.logistic import Floats

Places = npt.NDArray[np.int64]


class Pool:
    """States of all texts, to draw from."""

    def __init__(self, states: npt.NDArray[np.float32]) -> None:
        centred = states.astype(np.float64) - states.mean(0)
        self._states = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)

    def draw(self, open_: Places, weights: Floats, count: int, generator: np.random.Generator) -> list[int]:
        """Return some of the texts that are open, in the order drawn.

        Args:
            weights: of each open text, at least 0.
        """
        states = self._states[open_]
        distances = np.ones(len(open_))
        chosen: list[int] = []
        for _ in range(min(count, len(open_))):
            chances = weights * distances
            chances[chosen] = 0
            if not chances.sum() > 0:  # what is left is certain, or the same as texts drawn
                chances = np.ones(len(open_))
                chances[chosen] = 0
            place = int(generator.choice(len(open_), p=chances / chances.sum()))
            apart = np.maximum(2 - 2 * states @ states[place], 0)  # squared, of vectors of length 1
            distances = np.minimum(distances, apart) if chosen else apart
            chosen.append(place)
        return [int(open_[place]) for place in chosen]


def worth(probabilities: Floats, positives: npt.NDArray[np.int64]) -> Floats:
    """Return how unsure a model is of each text: the entropy of its labels, summed and squared.

    Labels with few texts so far count for more. *Shape:* [n, labels], [labels] -> [n].
    """
    p = np.clip(probabilities, 1e-9, 1 - 1e-9)
    entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p))
    return np.asarray((entropy / np.sqrt(positives + 1)).sum(1) ** 2)
