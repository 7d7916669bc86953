from math import comb

import pytest

from mnistmlp.core.significance import mcnemar, wilson_interval


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_that_newcombe_computed(correct: int, n: int, low: float, high: float) -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
    assert wilson_interval(correct, n) == pytest.approx((low, high), abs=5e-5)


def test_an_interval_narrows_with_more_images() -> None:
    few, many = wilson_interval(95, 100), wilson_interval(9500, 10_000)
    assert few[0] < many[0] < 0.95 < many[1] < few[1]


@pytest.mark.parametrize(("first", "second"), [(0, 1), (3, 9), (9, 3), (40, 61), (5, 5)])
def test_mcnemar_is_the_exact_binomial_test(first: int, second: int) -> None:
    n = first + second
    tail = sum(comb(n, k) for k in range(min(first, second) + 1)) / 2**n
    assert mcnemar(first, second) == pytest.approx(min(1, 2 * tail), rel=1e-9)


def test_mcnemar_of_no_differences_and_of_many() -> None:
    assert mcnemar(0, 0) == mcnemar(1, 1) == 1
    assert mcnemar(0, 10_000) == 0
    assert mcnemar(30_000, 30_000) == 1
