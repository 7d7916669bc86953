"""Studies in a file: what SQLite needs that servers do not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnistmlp.errors import StudyError

if TYPE_CHECKING:
    from sqlalchemy import Engine

TABLES = {"studies", "trials", "alembic_version", "version_info"}  # Optuna's, among others


def check_file(path: Path) -> None:
    """Raise StudyError if there is a file that holds something else than studies."""
    if not path.exists():
        if not path.parent.is_dir():
            raise StudyError(f"{path}: no such folder")
        return
    if not path.is_file():
        raise StudyError(f"{path}: not a regular file")
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        ) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            tables = {name for (name,) in rows}
    except sqlite3.OperationalError:  # another worker is making it, or SQLAlchemy will say why
        return
    except sqlite3.DatabaseError as error:
        raise StudyError(f"{path}: {error}") from None
    if tables and not tables & TABLES:
        raise StudyError(f"{path}: another program's database")


def make_whole(engine: Engine) -> None:
    """Make each transaction of an engine a whole, which no other worker writes in between."""
    from sqlalchemy import event

    event.listen(engine, "connect", _begin_by_hand)
    event.listen(engine, "begin", _begin_to_write)


def _begin_by_hand(connection: Any, record: Any) -> None:
    """Let SQLAlchemy begin transactions: Python's module would do so at the first write only."""
    connection.isolation_level = None


def _begin_to_write(connection: Any) -> None:
    """Let no other worker write between what this one reads and writes: SQLite locks no rows."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
