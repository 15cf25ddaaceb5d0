"""Each loss against its formula, written again in NumPy and float64, and its gradient against finite differences."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from goemotions.labels import LABELS
from goemotions.training.focal_config import FocalConfig, preset
from goemotions.training.losses import BCE, NAMES, Asymmetric, ClassBalanced, Focal, make_loss

ALPHA = (0.75, 0.25, 0.5, 1.0, 0.0)
GAMMA = (2.0, 0.0, 0.5, 1.0, 3.0)
POSITIVES = (4130, 77, 14219, 1, 500)

Floats = np.ndarray
Formula = Callable[[np.ndarray, np.ndarray], np.ndarray]


def batch(seed: int = 0) -> tuple[Floats, Floats]:
    generator = np.random.default_rng(seed)
    return generator.normal(0, 3, (64, 5)), (generator.random((64, 5)) < 0.3).astype(np.float64)


def sigmoid(z: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-z)))


def bce_formula(z: Floats, y: Floats) -> Floats:
    p = sigmoid(z)
    return np.asarray(-(y * np.log(p) + (1 - y) * np.log(1 - p)))


def focal_formula(z: Floats, y: Floats) -> Floats:
    p = sigmoid(z)
    p_t = y * p + (1 - y) * (1 - p)
    alpha_t = y * np.array(ALPHA) + (1 - y) * (1 - np.array(ALPHA))
    return np.asarray(alpha_t * (1 - p_t) ** np.array(GAMMA) * -np.log(p_t))


def asymmetric_formula(positive: float, negative: float, margin: float) -> Formula:
    def formula(z: Floats, y: Floats) -> Floats:
        p = sigmoid(z)
        p_m = np.maximum(p - margin, 0)
        return np.asarray(-y * (1 - p) ** positive * np.log(p) - (1 - y) * p_m**negative * np.log(1 - p_m))

    return formula


def class_balanced_formula(beta: float, gamma: float) -> Formula:
    def formula(z: Floats, y: Floats) -> Floats:
        raw = np.array([(1 - beta) / (1 - beta**n) for n in POSITIVES])
        weights = raw / raw.sum() * len(raw)
        p = sigmoid(z)
        p_t = np.where(y == 1, p, 1 - p)
        return np.asarray(weights * (1 - p_t) ** gamma * -np.log(p_t))

    return formula


CASES = [
    (BCE(), bce_formula),
    (Focal(FocalConfig(ALPHA, GAMMA)), focal_formula),
    (Asymmetric(), asymmetric_formula(0, 4, 0.05)),
    (Asymmetric(1, 2, 0.2), asymmetric_formula(1, 2, 0.2)),
    (Asymmetric(0.5, 0.5, 0.1), asymmetric_formula(0.5, 0.5, 0.1)),
    (Asymmetric(0, 0, 0), asymmetric_formula(0, 0, 0)),
    (Asymmetric(1, 3, 0), asymmetric_formula(1, 3, 0)),
    (ClassBalanced(POSITIVES), class_balanced_formula(0.9999, 0)),
    (ClassBalanced(POSITIVES, 0.99, 2), class_balanced_formula(0.99, 2)),
    (ClassBalanced(POSITIVES, 0, 1), class_balanced_formula(0, 1)),
]
IDS = [f"{type(loss).__name__}-{number}" for number, (loss, _) in enumerate(CASES)]


def tensors(z: Floats, y: Floats) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(z).requires_grad_(), torch.from_numpy(y)


@pytest.mark.parametrize(("loss", "formula"), CASES, ids=IDS)
def test_value(loss: nn.Module, formula: Formula) -> None:
    z, y = batch()
    assert loss(*tensors(z, y)).item() == pytest.approx(formula(z, y).mean(), rel=1e-12)
    # An element alone, so that no errors cancel in the mean.
    for row, column in itertools.product(range(8), range(5)):
        only = np.zeros_like(z), y.copy()
        only[0][row, column] = z[row, column]
        rest = formula(np.zeros_like(z), y).mean() - formula(np.zeros_like(z), y)[row, column] / z.size
        expected = rest + formula(z, y)[row, column] / z.size
        assert loss(*tensors(*only)).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("loss", "formula"), CASES, ids=IDS)
def test_gradient(loss: nn.Module, formula: Formula) -> None:
    z, y = batch(1)
    # Not beside the margin, where the asymmetric loss has a corner.
    z = np.where(np.abs(sigmoid(z[:6]) - getattr(loss, "margin", 0)) < 1e-3, 1.0, z[:6])
    assert torch.autograd.gradcheck(
        lambda logits: loss(logits, torch.from_numpy(y[:6])), torch.tensor(z, requires_grad=True)
    )


@pytest.mark.parametrize(("loss", "formula"), CASES, ids=IDS)
@pytest.mark.parametrize("size", [1e3, 30.0])
def test_large_logits_stay_finite(loss: nn.Module, formula: object, size: float) -> None:
    _, y = batch()
    for sign in (1, -1):
        logits = torch.full((64, 5), sign * size, dtype=torch.float32, requires_grad=True)
        value = loss(logits, torch.from_numpy(y).float())
        value.backward()
        assert torch.isfinite(value)
        assert logits.grad is not None
        assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize(("loss", "formula"), CASES, ids=IDS)
def test_integer_targets_and_low_precision(loss: nn.Module, formula: Formula) -> None:
    z, y = batch()
    expected = formula(z, y).mean()
    assert loss(torch.from_numpy(z), torch.from_numpy(y.astype(np.uint8))).item() == pytest.approx(expected, rel=1e-12)
    assert loss(torch.from_numpy(z).float(), torch.from_numpy(y)).dtype == torch.float32
    assert loss(torch.from_numpy(z).float(), torch.from_numpy(y)).item() == pytest.approx(expected, rel=1e-5)


def test_neutral_settings_come_down_to_bce() -> None:
    pair = tensors(*batch())
    expected = BCE()(*pair).item()
    assert Asymmetric(0, 0, 0)(*pair).item() == pytest.approx(expected)
    assert ClassBalanced([7] * 5)(*pair).item() == pytest.approx(expected)
    assert Focal(FocalConfig((0.5,) * 5, (0.0,) * 5))(*pair).item() == pytest.approx(expected / 2)


def test_by_name() -> None:
    z, y = torch.randn(4, 28), torch.randint(0, 2, (4, 28))
    for name in NAMES:
        assert torch.isfinite(make_loss(name, [100] * 28)(z, y))
    focal = [make_loss(f"focal-{name}", []) for name in ("card", "notebook")]
    card, notebook = (loss.get_buffer("alpha") for loss in focal)
    assert [LABELS[i] for i in torch.nonzero(card != notebook).flatten().tolist()] == ["desire", "disapproval"]
    assert torch.equal(card, torch.tensor(preset("card").alpha, dtype=torch.float64))
    assert make_loss("class-balanced", [1, 2], beta=0.5).get_buffer("weights").sum() == pytest.approx(2)
    with pytest.raises(ValueError, match=r"no loss 'focal'; did you mean 'focal-card'\?"):
        make_loss("focal", [])


def test_settings_out_of_range() -> None:
    with pytest.raises(ValueError, match="every label needs a positive"):
        ClassBalanced([3, 0])
    with pytest.raises(ValueError, match=r"beta in \[0, 1\)"):
        ClassBalanced([3], beta=1.0)
    with pytest.raises(ValueError, match="gammas must be 0 or more"):
        Asymmetric(gamma_negative=-1)
    with pytest.raises(ValueError, match="margin in"):
        Asymmetric(margin=1.0)
