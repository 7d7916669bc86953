import signal
from collections.abc import Iterator

import pytest

from mnistmlp.cli import interrupt
from mnistmlp.cli.interrupt import Terminated, one_interrupt, terminate


@pytest.fixture(autouse=True)
def _handlers_restored() -> Iterator[None]:
    before = {each: signal.getsignal(each) for each in interrupt.SIGNALS}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_comes_through_and_its_echo_does_not(number: int, code: int) -> None:
    with one_interrupt() as interrupts:
        assert interrupts.exit_code == 0
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        signal.raise_signal(number)
    signal.raise_signal(number)
    assert interrupts.exit_code == code


def test_the_second_ends_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupt, "ECHO", -1)
    with one_interrupt():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(SystemExit, match="130"):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL


def test_a_job_in_the_background_is_not_interrupted() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with one_interrupt() as interrupts:
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert interrupts.exit_code == 0


def test_the_first_is_only_recorded_while_saving() -> None:
    with one_interrupt() as interrupts:
        interrupts.saving = True
        signal.raise_signal(signal.SIGINT)
    assert interrupts.exit_code == 130


def test_the_old_handlers_are_restored() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with one_interrupt():
        pass
    assert signal.getsignal(signal.SIGTERM) is before


def test_sigterm_elsewhere_raises_terminated() -> None:
    with pytest.raises(Terminated):
        terminate(signal.SIGTERM, None)
