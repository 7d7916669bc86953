import numpy as np
import pytest

from mnistmlp.core.activations import ACTIVATIONS


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("sigmoid", lambda z: 1 / (1 + np.exp(-z))),
        ("tanh", np.tanh),
        ("relu", lambda z: np.where(z > 0, z, 0)),
    ],
)
def test_activation_and_derivative(name: str, formula: np.ufunc) -> None:
    z = np.linspace(-4, 4, 40)  # excludes 0, where ReLU has no derivative
    a = z.copy()
    ACTIVATIONS[name].apply(a)
    np.testing.assert_allclose(a, formula(z), rtol=1e-14)
    slope = np.full_like(z, 3.0)
    ACTIVATIONS[name].derivative(a, slope)
    numeric = 3 * (formula(z + 1e-6) - formula(z - 1e-6)) / 2e-6
    np.testing.assert_allclose(slope, numeric, rtol=1e-8, atol=1e-9)
