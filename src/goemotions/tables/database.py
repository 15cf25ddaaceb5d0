"""The rows of a query at a database's URL: fetched once into a file of JSON lines, which is then read as any table.

A run reads a table more than once, and a database's rows may change between. Every driver will do that follows Python's
DB-API and connects by a URL: those of ADBC, psycopg, DuckDB.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from goemotions.errors import DataError
from goemotions.escaping import one_line
from goemotions.tables.conversion import to_text
from goemotions.tables.table import check_columns, check_different

ROWS_AT_ONCE = 5000
URL = re.compile(r"[a-z][a-z0-9]*(\+[\w.]+)?://", re.IGNORECASE)


@dataclass(frozen=True)
class Driver:
    """A module that connects to databases.

    Attributes:
        module: with ``connect``.
        package: that has it, as pip knows it.
        before: a statement by which the connection only reads; empty where there is none.
        by_path: True if it takes the path in the URL instead of the URL.
        options: of ``connect``.
    """

    module: str
    package: str
    before: str = ""
    by_path: bool = False
    options: tuple[tuple[str, Any], ...] = ()


READ_ONLY = "SET TRANSACTION READ ONLY"
POSTGRES = (
    Driver("adbc_driver_postgresql.dbapi", "adbc-driver-postgresql", READ_ONLY),
    Driver("psycopg", "psycopg[binary]", READ_ONLY),
)
DRIVERS = {
    "postgresql": POSTGRES,
    "postgres": POSTGRES,
    "sqlite": (Driver("adbc_driver_sqlite.dbapi", "adbc-driver-sqlite", "PRAGMA query_only = ON", by_path=True),),
    "duckdb": (Driver("duckdb", "duckdb", by_path=True, options=(("read_only", True),)),),
}
"""Drivers by the beginning of a URL, in the order in which they are tried."""


def is_database(given: str) -> bool:
    """Return True for a database's URL, as ``postgresql://user@host/name``."""
    return URL.match(given) is not None


def fetch(url: str, query: str | None, text_column: str, folder: Path) -> Path:
    """Write the rows of a query into a file in ``folder``, and return it.

    Raises:
        DataError: no driver, no connection, a query that fails or has no text column.
        ValueError: no query.
    """
    name = shown(url)
    if query is None:
        raise ValueError(f"{name}: say what to read, --query 'SELECT … FROM …'")
    target = folder / "query.jsonl"
    try:
        with closing(connect(url)) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(query)
            columns = [column[0] for column in cursor.description or ()]
            check_query(columns, text_column, f"{name}: the query")
            with target.open("w", encoding="utf-8", newline="") as stream:
                for row in rows_of(cursor):
                    stream.write(json.dumps(dict(zip(columns, row, strict=True)), default=to_text) + "\n")
    except (DataError, ValueError):
        raise
    except Exception as error:  # each driver has errors of its own
        raise DataError(f"{name}: the query fails: {one_line(str(error))}") from error
    return target


def check_query(columns: list[str], text_column: str, name: str) -> None:
    """Check that a query gives rows that can be scored.

    Raises:
        DataError: no rows, no text column, or two columns of one name; ``name`` is the query's.
    """
    if not columns:
        raise DataError(f"{name} gives no rows: expected a SELECT")
    check_columns(columns, text_column, (), name)
    check_different(columns, name)


def connect(url: str) -> Any:
    """Return a connection by the first driver that is installed, of which nothing is ever committed.

    Raises:
        DataError: none is installed, or the URL names no database that is known.
    """
    database, named, rest = parts_of(url)
    driver, module = driver_for(database, named)
    connection = module.connect(unquote(rest) if driver.by_path else f"{database}://{rest}", **dict(driver.options))
    if driver.before:
        with closing(connection.cursor()) as cursor:
            cursor.execute(driver.before)
    return connection


def parts_of(url: str) -> tuple[str, str, str]:
    """Return the kind of database, the module that is named (empty where none is), and what stands after ``://``."""
    scheme, _, rest = url.partition("://")
    database, _, module = scheme.partition("+")
    return database.lower(), module, rest


def driver_for(database: str, named: str) -> tuple[Driver, Any]:
    """Return the driver for a kind of database, or the one that is named, and its module; errors as :func:`connect`."""
    known = DRIVERS.get(database, ())
    tried = [driver for driver in known if named in ("", driver.module)]
    if named and not tried:
        tried = [Driver(named, named.partition(".")[0].replace("_", "-"))]
    if not tried:
        raise DataError(
            f"no driver is known for {database}://; expected one of {', '.join(f'{name}://' for name in DRIVERS)}, or "
            f"{database}+MODULE:// with a module whose connect takes the URL"
        )
    for driver in tried:
        try:
            return driver, importlib.import_module(driver.module)
        except ImportError:
            continue
    packages = " or ".join(f'pip install "{driver.package}"' for driver in tried)
    raise DataError(f"{database}:// needs a driver that is not installed: {packages}")


def rows_of(cursor: Any) -> Iterator[tuple[Any, ...]]:
    """Yield a cursor's rows, some thousand at a time."""
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        yield from rows


def shown(url: str) -> str:
    """Return a URL without its user and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
