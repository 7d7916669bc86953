import numpy as np
import pytest

from mnistmlp.arrays import Array
from mnistmlp.core import products as module
from mnistmlp.core.products import Products
from mnistmlp.workers import Workers


def make_factors(m: int, k: int, n: int, *, transposed: bool = False) -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    a = rng.standard_normal((k, m) if transposed else (m, k), np.float32)
    return a.T if transposed else a, rng.standard_normal((k, n), np.float32)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize(("m", "transposed"), [(256, False), (250, True), (1, False)])
def test_products_are_those_of_numpy_bit_for_bit(
    monkeypatch: pytest.MonkeyPatch, threads: int, m: int, transposed: bool
) -> None:
    monkeypatch.setattr(module, "MIN_SHARED_PRODUCT", 0)
    a, b = make_factors(m, 300, 200, transposed=transposed)
    out, whole = np.empty((2, m, 200), np.float32)
    np.matmul(a, b, whole)
    with Workers(threads) as workers:
        products = Products(workers)
        for _ in range(10):  # shared and alone
            out[:] = np.nan
            products.compute(np.matmul, a, b, out)
            np.testing.assert_array_equal(out, whole)


@pytest.mark.parametrize("changed", [False, True])
def test_rows_are_shared_only_if_that_changes_no_bit(
    monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    monkeypatch.setattr(module, "MIN_SHARED_PRODUCT", 0)
    rows: list[int] = []

    def product(a: Array, b: Array, out: Array) -> None:
        rows.append(len(out))
        np.dot(a, b, out)
        if changed:
            out += np.float32(len(out))  # as if the sums went in another order

    a, b = make_factors(8, 5, 3)
    out = np.empty((8, 3), np.float32)
    with Workers(2) as workers:
        products = Products(workers)
        products.compute(product, a, b, out)
        rows.clear()
        for _ in range(3):
            products.compute(product, a, b, out)
    assert (4 in rows) == (not changed)
    np.testing.assert_array_equal(out, np.dot(a, b) + (8 if changed else 0))


def test_small_products_are_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = make_factors(8, 5, 3)
    out = np.empty((8, 3), np.float32)
    with Workers(2) as workers:
        Products(workers).compute(np.dot, a, b, out)
        assert not workers.trials
        monkeypatch.setattr(module, "MIN_SHARED_PRODUCT", 8 * 5 * 3)
        Products(workers).compute(np.dot, a, b, out)
        assert workers.trials
