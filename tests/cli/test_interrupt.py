import os
import signal
from collections.abc import Iterator

import pytest

from mnistmlp.cli import interrupt
from mnistmlp.cli.interrupt import Terminated, handle_signals, one_interrupt


@pytest.fixture(autouse=True)
def _handlers_restored() -> Iterator[None]:
    before = {each: signal.getsignal(each) for each in interrupt.SIGNALS}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.mark.parametrize("number", interrupt.SIGNALS)
def test_the_first_comes_through_and_its_echo_does_not(number: signal.Signals) -> None:
    with one_interrupt() as interrupts:
        assert interrupts.exit_code == 0
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        signal.raise_signal(number)
    signal.raise_signal(number)
    assert interrupts.exit_code == 128 + number


def test_the_second_ends_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupt, "ECHO", -1)
    with one_interrupt():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(SystemExit, match="130"):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL


def test_what_the_system_repeats_is_no_second_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupt, "ECHO", -1)
    with one_interrupt() as interrupts:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGXCPU)
        for number in (signal.SIGXCPU, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
            signal.raise_signal(number)
    assert interrupts.exit_code == 128 + signal.SIGXCPU


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_an_ignored_signal_stays_ignored(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)  # as in a background job, and under nohup
    with one_interrupt() as interrupts:
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is signal.SIG_IGN
    handle_signals()
    assert signal.getsignal(number) is signal.SIG_IGN
    assert interrupts.exit_code == 0


def test_the_first_is_only_recorded_while_saving() -> None:
    with one_interrupt() as interrupts:
        interrupts.saving = True
        signal.raise_signal(signal.SIGINT)
    assert interrupts.exit_code == 130


def test_the_old_handlers_are_restored() -> None:
    before = {each: signal.getsignal(each) for each in interrupt.SIGNALS}
    with one_interrupt():
        pass
    assert {each: signal.getsignal(each) for each in interrupt.SIGNALS} == before


@pytest.mark.parametrize(
    ("number", "message"),
    [(signal.SIGTERM, "terminated"), (signal.SIGHUP, "ended by SIGHUP")],
)
def test_a_signal_elsewhere_says_its_name(number: signal.Signals, message: str) -> None:
    handle_signals()
    with pytest.raises(Terminated, match=message) as caught:
        signal.raise_signal(number)
    assert caught.value.number == number


def test_ctrl_c_elsewhere_is_what_python_makes_of_it() -> None:
    handle_signals()
    with pytest.raises(KeyboardInterrupt) as caught:
        signal.raise_signal(signal.SIGINT)
    assert caught.type is KeyboardInterrupt
