import re
from pathlib import Path

import pytest

from mnistmlp.brains.log import Log
from mnistmlp.cli.watch.show import draw_curves, fit_curves
from tests.training.logs import write_log


@pytest.fixture
def logs() -> list[Log]:
    """A log of six epochs, one without any, and one that is not there."""
    write_log("run.jsonl", 6)
    write_log("empty", 0)
    found = [Log(Path(name)) for name in ("run.jsonl", "empty", "none")]
    for log in found:
        log.read()
    return found


def test_the_curves_of_a_log(logs: list[Log]) -> None:
    assert draw_curves(logs, 79).splitlines() == [
        "run.jsonl",
        "  epoch                6, 0.50 s, 20,000 images/s",
        "  training loss        █▅▄▃▂▁  1 to 0.1667",
        "  validation loss      █▅▄▃▂▁  2 to 0.3333",
        "  training accuracy    ▁▅▇▇██  0.00% to 83.33%",
        "  validation accuracy  ▁▃▆█▆▃  92.00% to 94.00%",
        "  best                 98.00% in epoch 4",
        "",
        "empty",
        "  no epoch yet",
        "",
        "none",
        "  waiting for this file",
    ]


def test_where_they_do_not_fit_each_log_is_a_line(logs: list[Log]) -> None:
    assert fit_curves(logs, 79, 13) == draw_curves(logs, 79)
    lines = ["run.jsonl  epoch 6  ▁▃▆█▆▃  92.00% to 94.00%", "empty  no epoch yet"]
    assert fit_curves(logs, 79, 12).splitlines() == [*lines, "none  waiting for this file"]
    assert fit_curves(logs, 79, 2).splitlines() == lines


@pytest.mark.parametrize("width", [1, 2, 20, 30, 60])
@pytest.mark.parametrize("name", ["run.jsonl", "\x1b[31m\n数字" * 20, "\udcff" * 80])
def test_no_line_is_wider(width: int, name: str) -> None:
    write_log("log", 6)
    log = Log(Path("log"))
    log.read()
    log.path = Path(name)
    for height in (1, 24):
        lines = fit_curves([log], width, height).splitlines()
        assert max(len(line) for line in lines) <= width
        assert "\x1b" not in "".join(lines)


def test_without_validation_images() -> None:
    write_log("log", 3)
    text = Path("log").read_text().replace('"validation_loss": ', '"validation_loss": null, "x": ')
    lines = [line.split(', "x": ')[0] for line in text.splitlines()]
    rest = ', "validation_accuracy": null, "seconds": 1.0, "images_per_second": 1e60}\n'
    Path("log").write_text("".join(line + rest for line in lines))
    log = Log(Path("log"))
    log.read()
    shown = draw_curves([log], 79)
    assert "validation" not in shown
    assert "best" not in shown
    assert max(map(len, shown.splitlines())) == 79
    assert fit_curves([log], 79, 1) == "log  epoch 3  █▄▁  1 to 0.3333"


def test_a_loss_of_zero_has_no_logarithm() -> None:
    write_log("log", 2)
    Path("log").write_text(Path("log").read_text().replace('"loss": 1.0', '"loss": 0.0'))
    log = Log(Path("log"))
    log.read()
    assert "  training loss        0.5" in draw_curves([log], 79).splitlines()


def test_the_best_epoch_is_known_though_the_last_was_not_validated() -> None:
    write_log("log", 5)
    *lines, last = Path("log").read_text().splitlines(keepends=True)
    without = re.sub('"validation_accuracy": [^,]*', '"validation_accuracy": null', last)
    Path("log").write_text("".join([*lines, without]))
    log = Log(Path("log"))
    log.read()
    assert "  best                 98.00% in epoch 4" in draw_curves([log], 79).splitlines()
