import os

from mnistmlp.cli.predict.sources import picture_names


def test_what_may_take_a_while_is_announced_so_that_nothing_waits_for_it() -> None:
    os.mkfifo("pipe")
    names = picture_names(["a.png", "pipe", "-", "b.png"], None, null=False, recursive=False)
    assert list(names) == ["a.png", None, "pipe", None, "-", "b.png"]
