"""Databases that are not there, are others', or go away; no password is ever shown."""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from optuna import create_study
from sqlalchemy import text

from mnistmlp.errors import MissingExtraError, MnistMlpError, SettingError, StudyError
from mnistmlp.tuning import database
from mnistmlp.tuning.database import PASSWORD_HINT, Database
from mnistmlp.version import install_command
from tests.conftest import names
from tests.postgresql import Server


@contextmanager
def connected(address: str, losses: list[str] | None = None) -> Iterator[Any]:
    storage = Database(address).connect((losses if losses is not None else []).append)
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def error_of(address: str) -> MnistMlpError:
    with pytest.raises(MnistMlpError) as caught, connected(address):
        pass
    said = f"{caught.value} {caught.value.hint}"
    assert said.isprintable()
    assert "s3cret" not in said
    return caught.value


@pytest.mark.parametrize(
    ("address", "kind", "message"),
    [
        ("postgresql://u:s3cret@h:port/d", SettingError, "storage: not a URL such as"),
        ("postgresql://u:s3cret@x@h/d", SettingError, "storage: not a URL such as"),
        ("postgresql://u:1/s3cret@127.0.0.1:1/d", StudyError, "Connection refused"),
        ("://s3cret", SettingError, "storage: not a URL such as"),
        ("nodb://u:s3cret@h/d", SettingError, "storage: nodb is not a known kind"),
        ("sqlite://", SettingError, "storage: sqlite:// names no file"),
        ("sqlite:///:memory:", SettingError, "names no file"),
        ("postgresql://u:s3cret@h{a}/d", StudyError, "failed to resolve host 'h{a}'"),
        ("x\udcff.db", SettingError, r"storage: 'x\\udcff\.db' is not a name that can be printed"),
        ("oracle://u:s3cret@h/d", MissingExtraError, r"oracle://u:\*\*\*@h/d: the driver for"),
        ("postgresql://u@127.0.0.1:1/d?password=s3cret", StudyError, "Connection refused"),
        ("sqlite:///x.db?pass=s3cret", StudyError, "x.db: Query string argument"),
        (".", StudyError, r"\.: not a regular file"),
        ("none/x.db", StudyError, "none/x.db: no such folder"),
        ("text.db", StudyError, "text.db: file is not a database"),
        ("other.db", StudyError, "other.db: another program"),
    ],
)
def test_faults(address: str, kind: type[Exception], message: str) -> None:
    Path("text.db").write_text("no database, but a text that is longer than its header")
    with closing(sqlite3.connect("other.db")) as other:
        other.execute("CREATE TABLE mine (a)")
    before = Path("other.db").read_bytes()
    error = error_of(address)
    assert type(error) is kind
    with pytest.raises(kind, match=message):
        raise error
    assert Path("other.db").read_bytes() == before


def test_names_that_sqlalchemy_or_optuna_would_read_as_more() -> None:
    found = ["a{b}.db", "{.db", "a?b=c.db", "a%41.db", "100%.db", "a#b.db", "a b.db", "ä€.db"]
    found += ["a\\b.db", "a'b.db", "a:b.db", "x@y.db", "a+b.db", "file:x.db"]
    for name in found:
        with connected(name) as storage:
            create_study(storage=storage, study_name=name)
        with connected(name) as storage:
            assert [each.study_name for each in storage.get_all_studies()] == [name]
        assert str(Database(name)) == name
    assert names() == sorted(found)
    for name, inside in {"a%20b.db": "a b.db", "a%7Bb%7D.db": "a{b}.db"}.items():
        assert Database(f"sqlite:///{name}").file == Path(inside)


def test_a_file_that_another_program_keeps_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    make, made = database._make_storage, list[int]()

    def count(*args: Any, **options: Any) -> Any:
        made.append(1)
        return make(*args, **options)

    monkeypatch.setattr(database, "_make_storage", count)
    monkeypatch.setattr(database, "BUSY", 0.1)
    with closing(sqlite3.connect("tune.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert str(error_of("tune.db")) == "tune.db: database is locked"
    assert len(made) == 1  # which has waited for long


def test_tables_of_another_version() -> None:
    with connected("tune.db") as storage, storage.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'v9.0.0'"))
    error = error_of("tune.db")
    assert str(error).startswith("tune.db: tables of another version of Optuna, which ")
    assert "a copy" in str(error.hint)


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("postgresql://u@h/d", install_command("postgresql")),
        ("postgresql+psycopg2://u@h/d", "without +psycopg2 it is psycopg, which the extra"),
        ("mysql://u@h/d", "None"),
    ],
)
def test_no_driver(address: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("psycopg", "psycopg2", "MySQLdb"):
        monkeypatch.setitem(sys.modules, name, None)
    assert str(error_of(address).hint).startswith(hint)


def test_a_wrong_password(postgresql: Server) -> None:
    message = str(error_of(postgresql.url_with("s3cret")))
    assert 'password authentication failed for user "tester"' in message
    assert "tester:***@127.0.0.1" in message


@pytest.mark.parametrize("way", ["url", "PGPASSWORD", "~/.pgpass"])
def test_ways_to_give_a_password(
    postgresql: Server, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = postgresql.url_with(None)
    monkeypatch.setenv("HOME", str(Path.cwd()))
    error = error_of(address)
    assert str(error).endswith("no password supplied")
    assert error.hint == PASSWORD_HINT
    for password in ("s3cret", postgresql.password):
        match way:
            case "url":
                address = postgresql.url_with(password)
            case "PGPASSWORD":
                monkeypatch.setenv("PGPASSWORD", password)
            case _:
                Path(".pgpass").write_text(f"127.0.0.1:{postgresql.port}:*:*:{password}\n")
                Path(".pgpass").chmod(0o600)
        if password == "s3cret":
            assert "password authentication failed" in str(error_of(address))
        else:
            with connected(address) as storage:
                assert storage.get_all_studies() is not None


def test_a_lost_connection_is_waited_for(postgresql: Server) -> None:
    losses: list[str] = []
    with connected(postgresql.url, losses) as storage:
        study = create_study(storage=storage)
        postgresql.stop()
        restart = threading.Timer(0.5, postgresql.start)
        restart.start()
        study.set_user_attr("here", True)
        assert study.user_attrs == {"here": True}
        restart.join()
    assert len(losses) == 1
    assert losses[0].endswith("; waiting up to 300 s")
    assert postgresql.password not in losses[0]


def test_a_lost_connection_is_not_waited_for_for_ever(
    postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PATIENCE", 0.2)
    with connected(postgresql.url) as storage:
        study = create_study(storage=storage)
        postgresql.stop()
        try:
            with pytest.raises(StudyError, match=r"for more than 0\.2 s"):
                study.set_user_attr("here", True)
            with pytest.raises(StudyError, match=r"for more than 0\.2 s"):
                study.set_user_attr("here", True)
            storage.record_heartbeat(1)  # of a thread that must not die
        finally:
            postgresql.start()


def test_ctrl_c_while_a_connection_is_waited_for(
    postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    with connected(postgresql.url) as storage:
        study = create_study(storage=storage)
        postgresql.stop()
        try:
            with monkeypatch.context() as patched:
                patched.setattr(time, "sleep", interrupt)
                with pytest.raises(KeyboardInterrupt):
                    study.set_user_attr("here", True)
            with pytest.raises(KeyboardInterrupt):  # at once
                study.set_user_attr("here", True)
        finally:
            postgresql.start()


def test_a_worker_killed_before_its_first_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    with connected("tune.db") as storage:
        study = create_study(storage=storage)
        ids = [storage.create_new_trial(study._study_id) for _ in range(2)]
        storage.record_heartbeat(ids[0])
        assert storage._get_stale_trial_ids(study._study_id) == []
        monkeypatch.setattr(database, "GRACE", 0)
        assert storage._get_stale_trial_ids(study._study_id) == [ids[1]]


def test_transactions_of_sqlite_wait_for_each_other() -> None:
    with connected("tune.db") as one, connected("tune.db") as other:
        study = create_study(storage=one)
        found: list[dict[str, Any]] = []

        def read() -> None:
            found.append(other.get_study_user_attrs(study._study_id))

        with one.engine.begin() as connection:
            connection.execute(text("SELECT * FROM studies"))  # and what it writes depends on it
            thread = threading.Thread(target=read)
            thread.start()
            time.sleep(0.3)
            assert not found
        thread.join()
        assert found == [{}]
