import pytest

from mnistmlp.brains.sparkline import LEVELS, WIDTH, draw_sparkline


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], None),
        ([3], "3"),
        ([3, 3, 3], "▁▁▁  3 to 3"),
        (range(8), f"{LEVELS}  0 to 7"),
        ([0, 1, 0], "▁█▁  0 to 0"),
        ([-5, 0], "▁█  -5 to 0"),
        ([1e-300, 1e300], "▁█  1e-300 to 1e+300"),
    ],
)
def test_values(values: list[float], line: str | None) -> None:
    assert draw_sparkline(values, "{:g}".format) == line


def test_a_logarithmic_scale() -> None:
    values = [2.0**power for power in range(8)]
    assert draw_sparkline(values, "{:g}".format, logarithmic=True) == f"{LEVELS}  1 to 128"
    assert draw_sparkline(values, "{:g}".format) == "▁▁▁▁▂▃▄█  1 to 128"


@pytest.mark.parametrize("count", [48, 49, 50, 97, 1000, 10_000])
def test_a_long_history_is_resampled(count: int) -> None:
    line = draw_sparkline(range(count), lambda value: f"{value:05}")
    assert line
    curve, ends = line.split("  ")
    assert ends == f"00000 to {count - 1:05}"
    assert len(line) == min(WIDTH, count + len(ends) + 2)
    assert sorted(curve) == list(curve)
    assert set(curve) == set(LEVELS)


@pytest.mark.parametrize(("width", "line"), [(12, "▁▃▆█  0 to 9"), (1, "▁  0 to 9")])
def test_a_narrow_curve(width: int, line: str) -> None:
    assert draw_sparkline(range(10), "{:g}".format, width=width) == line


def test_a_column_is_the_mean_of_its_epochs() -> None:
    columns = WIDTH - len("  - to -")
    pairs = [(place - 99, place + 99)[:: 1 - place % 2 * 2] for place in range(columns)]
    line = draw_sparkline([value for pair in pairs for value in pair], lambda _: "-")
    assert line == draw_sparkline(range(columns), lambda _: "-")
