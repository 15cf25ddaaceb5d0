"""Shares of labels in a corpus, with intervals: from a model's probabilities, and people's labels of some texts."""

from goemotions.estimation.changes import Change
from goemotions.estimation.estimate import estimate
from goemotions.estimation.powered import PoweredMean, prediction_powered_mean
from goemotions.estimation.results import Estimates, Share
from goemotions.estimation.sampling import Drawn, draw
from goemotions.grouping import Grouping

__all__ = [
    "Change",
    "Drawn",
    "Estimates",
    "Grouping",
    "PoweredMean",
    "Share",
    "draw",
    "estimate",
    "prediction_powered_mean",
]
