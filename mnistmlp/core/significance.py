"""How certain a measured accuracy is, and a difference between two."""

from __future__ import annotations

from math import exp, lgamma, log, sqrt

Z = 1.959964  # standard errors on either side of the mean that hold 95 % of a normal distribution


def wilson_interval(correct: int, n: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a fraction, within [0, 1].

    Wilson, "Probable inference, the law of succession, and statistical
    inference", Journal of the American Statistical Association 22 (1927).

    Parameters
    ----------
    correct, n : int
        The fraction is `correct` of `n`, at least one.
    """
    fraction, shrink = correct / n, 1 + Z * Z / n
    middle = (fraction + Z * Z / (2 * n)) / shrink
    margin = Z / shrink * sqrt(fraction * (1 - fraction) / n + Z * Z / (4 * n * n))
    return max(middle - margin, 0.0), min(middle + margin, 1.0)


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the p-value of McNemar's test that two classifiers are equally accurate.

    It is the probability that chance alone splits the images that only one of
    them reads right at least as unevenly as this: exact and two-sided.
    McNemar, "Note on the sampling error of the difference between correlated
    proportions or percentages", Psychometrika 12 (1947); for classifiers,
    Dietterich, "Approximate statistical tests for comparing supervised
    classification learning algorithms", Neural Computation 10 (1998), section 3.1.

    Parameters
    ----------
    only_first, only_second : int
        The number of images that only the first reads right, and only the second.
    """
    n, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(
        exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) - n * log(2))
        for k in range(fewer + 1)
    )
    return min(2 * tail, 1.0)
