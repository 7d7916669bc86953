"""The database of a study: its address, the connection, and errors.

The database's messages are shown without the password in its address.
"""

from __future__ import annotations

import random
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from mnistmlp.errors import MissingExtraError, SettingError, StudyError, find_root, needs_extra
from mnistmlp.tuning.sqlite import check_file, make_whole
from mnistmlp.version import install_command

if TYPE_CHECKING:
    from optuna.storages import RDBStorage
    from sqlalchemy import URL, Engine

HEARTBEAT = 5  # seconds from one sign of life of a worker to the next
GRACE = 30  # seconds without one after which its trial is done over
PATIENCE = 300  # seconds for which a lost connection is waited for
BUSY = 60  # seconds for which a worker waits while another writes to an SQLite file
OPENINGS = 10  # of a new database, which another worker may be making
PASSWORD_HINT = "put it into ~/.pgpass, which only you may read, or into PGPASSWORD"
POSTGRESQL = {  # seconds but for the last, after which a server that is silent has gone
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds
}


class Database:
    """The address of a database.

    Parameters
    ----------
    address : str
        A URL that SQLAlchemy takes, or the path of an SQLite file.

    Raises
    ------
    SettingError
        If it is invalid.
    """

    def __init__(self, address: str) -> None:
        with needs_extra("tune"):
            from sqlalchemy import URL
        is_url = "://" in address
        self.url: URL = _parse_url(address) if is_url else URL.create("sqlite", database=address)
        if self.url.get_backend_name() == "sqlite" and not self.file:
            raise SettingError("storage", f"{address} names no file: the study would be lost")
        if not str(self.file or "").isprintable():
            raise SettingError("storage", f"{str(self.file)!a} is not a name that can be printed")
        if self.url.drivername in ("postgresql", "postgres"):
            self.url = self.url.set(drivername="postgresql+psycopg")

    def __str__(self) -> str:
        if self.file:
            return str(self.file)
        return self.hide(self.url.render_as_string(hide_password=True))

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database."""
        if self.url.get_backend_name() != "sqlite" or self.url.database in (None, "", ":memory:"):
            return None
        return Path(str(self.url.database))

    def hide(self, text: str) -> str:
        """Return text without the password."""
        secrets = [str(self.url.password)] if self.url.password else []
        for name, value in self.url.query.items():
            if "pass" in name:
                secrets += [value] if isinstance(value, str) else value
        for secret in filter(None, secrets):
            for spelling in {secret, quote(secret, safe=""), quote_plus(secret)}:
                text = text.replace(spelling, "***")
        return text

    def describe(self, error: BaseException) -> str:
        """Return a database's error as one line that names it."""
        return f"{self}: {self.hide(find_cause(error))}"

    def connect(self, on_loss: Callable[[str], object] = lambda message: None) -> RDBStorage:
        """Open the database, and create Optuna's tables if it is new.

        Parameters
        ----------
        on_loss : callable
            Called with a line of text if the connection is lost later and waited for.

        Raises
        ------
        StudyError
            If it cannot be opened, or is not Optuna's, or from another version.
        MissingExtraError
            If the driver for such a database is not installed.
        """
        if self.file:
            check_file(self.file)
        storage = self._open()
        _Connection(self, on_loss).attend(storage.engine)
        return storage

    def _open(self) -> RDBStorage:
        from sqlalchemy import NullPool
        from sqlalchemy.exc import DBAPIError, SAWarning, SQLAlchemyError

        deadline = time.monotonic() + BUSY
        for opening in range(OPENINGS):
            try:
                _make_storage(self.url, poolclass=NullPool)  # leaves no connection if it fails
                return _make_storage(self.url)
            except ImportError:
                message = f"{self}: the driver for this database is not installed"
                raise MissingExtraError(message, hint=self._driver_hint()) from None
            except RuntimeError as error:
                raise self._other_version(error) from None
            except SAWarning as error:
                raise StudyError(self.describe(error)) from None
            except SQLAlchemyError as error:
                is_last = opening == OPENINGS - 1 or time.monotonic() > deadline
                if is_last or not (isinstance(error, DBAPIError) and _is_collision(error)):
                    hint = PASSWORD_HINT if "no password supplied" in str(error) else None
                    raise StudyError(self.describe(error), hint=hint) from None
                time.sleep(random.uniform(0.1, 0.5))
        raise AssertionError  # the last opening returns or raises

    def _driver_hint(self) -> str | None:
        """Return how to get what speaks to PostgreSQL."""
        match self.url.get_backend_name(), self.url.get_driver_name():
            case "postgresql", "psycopg":
                return install_command("postgresql")
            case "postgresql", driver:
                return f"without +{driver} it is psycopg, which the extra postgresql has"
        return None

    def _other_version(self, error: RuntimeError) -> StudyError:
        """Return the error for a database with tables of another version of Optuna."""
        from optuna import __version__

        if "table schema" not in str(error):
            return StudyError(self.describe(error))
        return StudyError(
            f"{self}: tables of another version of Optuna, which {__version__} cannot use",
            hint="use another database, or upgrade a copy: optuna storage upgrade --storage URL",
        )

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Turn database errors in the block into a StudyError."""
        from optuna.exceptions import StorageInternalError
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (StorageInternalError, SQLAlchemyError) as error:
            raise StudyError(self.describe(error)) from None


def find_cause(error: BaseException) -> str:
    """Return the first line of what a database itself said, whatever was raised for it."""
    root = find_root(error)
    return (str(root).strip().splitlines() or [type(root).__name__])[0]


def _parse_url(address: str) -> URL:
    """Parse the URL of a database."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        url = make_url(address)
        if url.drivername != "postgres":  # no longer known to SQLAlchemy
            url.get_dialect()
        parts = "" if url.get_backend_name() == "sqlite" else f"{url.host}{url.database}"
        if "@" not in parts:  # otherwise part of the password would be taken for the host
            return url
    except NoSuchModuleError:
        kind = url.drivername
        raise SettingError("storage", f"{kind} is not a known kind of database") from None
    except (ArgumentError, ValueError):  # whose text has the whole address
        pass
    raise SettingError(
        "storage",
        "not a URL such as postgresql://USER@HOST/DATABASE",
        hint="in a user name or a password, write @ as %40, / as %2F and : as %3A",
    )


def _make_storage(url: URL, **arguments: Any) -> RDBStorage:
    """Return Optuna's storage; its errors are SQLAlchemy's or Optuna's."""
    from optuna.exceptions import ExperimentalWarning, StorageInternalError
    from optuna.storages import RDBStorage
    from sqlalchemy.exc import SAWarning

    class Storage(RDBStorage):
        """A storage that survives a lost connection and notices a lost worker."""

        def record_heartbeat(self, trial_id: int) -> None:
            with suppress(StorageInternalError, StudyError):  # otherwise the thread would end
                super().record_heartbeat(trial_id)

        def _get_stale_trial_ids(self, study_id: int) -> list[int]:
            silent = silence.listen(_find_silent(self, study_id))
            return [*super()._get_stale_trial_ids(study_id), *silent]

    silence = _Silence()
    arguments["pool_pre_ping"] = True
    match url.get_backend_name():
        case "sqlite":
            arguments["connect_args"] = {"timeout": BUSY}
        case "postgresql":
            arguments["connect_args"] = {
                name: value for name, value in POSTGRESQL.items() if name not in url.query
            }
    text = url.render_as_string(hide_password=False)
    for brace in "{}":  # which Optuna fills in; of a host's name, as SQLAlchemy quotes others
        text = text.replace(brace, brace * 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # of heartbeats
        warnings.simplefilter("error", SAWarning)  # of a URL with meaningless words
        return Storage(text, arguments, heartbeat_interval=HEARTBEAT, grace_period=GRACE)


class _Silence:
    """Finds workers that were killed before their trial's first heartbeat.

    Optuna would wait for them forever.
    """

    def __init__(self) -> None:
        self.since: dict[int, float] = {}  # monotonic seconds, by the trial's id

    def listen(self, silent: Iterable[int]) -> list[int]:
        """Return the trials that have long been without a heartbeat."""
        now = time.monotonic()
        self.since = {each: self.since.get(each, now) for each in silent}
        return [each for each, since in self.since.items() if now - since > GRACE]


def _find_silent(storage: RDBStorage, study_id: int) -> list[int]:
    """Return the ids of running trials that never had a heartbeat."""
    from sqlalchemy import text

    query = text(
        "SELECT trial_id FROM trials WHERE study_id = :study AND state = 'RUNNING' "
        "AND trial_id NOT IN (SELECT trial_id FROM trial_heartbeats)"
    )
    with storage.engine.connect() as connection:
        return list(connection.execute(query, {"study": study_id}).scalars())


def _is_collision(error: Any) -> bool:
    """Tell whether another worker was creating the same tables."""
    from sqlalchemy.exc import IntegrityError

    said = str(error.orig)
    return isinstance(error, IntegrityError) or "already exists" in said or "is locked" in said


class _Connection:
    """Waits for a lost database, and makes SQLite's transactions atomic."""

    def __init__(self, database: Database, on_loss: Callable[[str], object]) -> None:
        self.database, self.on_loss = database, on_loss
        self.lost_at: float | None = None  # monotonic seconds
        self.is_interrupted = False

    def attend(self, engine: Engine) -> None:
        """From now on, handle the connections of an engine."""
        from sqlalchemy import event

        event.listen(engine, "do_connect", self.connect)
        if engine.dialect.name == "sqlite":
            make_whole(engine)
        engine.dispose()  # of the connections made before

    def connect(self, dialect: Any, record: Any, words: Any, options: Any) -> Any:
        """Connect, retrying for up to `PATIENCE` seconds."""
        while True:
            try:
                connection = dialect.connect(*words, **options)
            except dialect.loaded_dbapi.Error as error:
                self._wait(error)
            else:
                self.lost_at = None
                return connection

    def _wait(self, error: BaseException) -> None:
        """Wait a second; raise StudyError after waiting too long.

        After Ctrl-C there is no more waiting, although Optuna still tries to record the failure.
        """
        if self.is_interrupted:
            raise KeyboardInterrupt
        now = time.monotonic()
        if self.lost_at is None:
            self.lost_at = now
            said = self.database.describe(error)
            self.on_loss(f"{said}; waiting up to {PATIENCE} s")
        if now - self.lost_at > PATIENCE:
            raise StudyError(
                f"{self.database.describe(error)}, for more than {PATIENCE} s",
                hint="run the same command again once it is back",
            )
        try:
            time.sleep(1)
        except KeyboardInterrupt:
            self.is_interrupted = True
            raise
