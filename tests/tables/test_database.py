"""Rows of a query at a database's URL, by real drivers and a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from debian import need
from table_rows import read_rows

from goemotions import DataError
from goemotions.tables.database import fetch
from goemotions.tables.formats import open_table

THANKS = "Thanks, you made my day!"
STATEMENTS = (
    "CREATE TABLE comments (n integer, body text, day date)",
    f"INSERT INTO comments VALUES (1, '{THANKS}', '2026-03-05'), (2, NULL, NULL)",
)
QUERY = "SELECT n, body AS text, day FROM comments ORDER BY n"
BIN = Path("/usr/lib/postgresql/15/bin")


def in_file(folder: Path, kind: str) -> Path:
    """Make a database in a file."""
    connect: Any = duckdb.connect if kind == "duckdb" else sqlite3.connect
    with closing(connect(str(folder / "shop.data"))) as connection:
        for statement in STATEMENTS:
            connection.execute(statement)
        connection.commit()
    return folder / "shop.data"


@pytest.fixture(params=["sqlite", "sqlite+adbc_driver_sqlite.dbapi", "duckdb"])
def url(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of a database in a file, for each driver."""
    return f"{request.param}://{in_file(tmp_path, request.param)}"


def check(url: str, folder: Path) -> None:
    """Check the rows of a query, and that a query changes nothing."""
    table = open_table(fetch(url, QUERY, "text", folder), "text")
    assert list(table.columns) == ["n", "text", "day"]
    (group,) = table.groups()
    assert [group.column(name) for name in table.columns] == [[1, 2], [THANKS, None], ["2026-03-05", None]]
    for statement in ("DELETE FROM comments", "DELETE FROM comments RETURNING body AS text"):
        with pytest.raises(DataError, match="the query"):
            fetch(url, statement, "text", folder)
    assert len(fetch(url, QUERY, "text", folder).read_text().splitlines()) == 2


def test_rows_of_a_query(url: str, tmp_path: Path) -> None:
    check(url, tmp_path)


def test_predict_reads_a_url(cli: Any, tmp_path: Path) -> None:
    command = "predict", "--input", f"sqlite://{in_file(tmp_path, 'sqlite')}", "--query", QUERY, "--output"
    done = cli(*command, tmp_path / "out.csv")
    assert done.returncode == 0, done.stderr
    first, second = read_rows(tmp_path / "out.csv")
    assert (first["n"], first["day"], second["text"], second["emotions"]) == ("1", "2026-03-05", "", [])
    assert first["emotions"][0]["label"] == "gratitude"
    done = cli(*command, tmp_path / "out.csv", "--resume")
    assert done.stderr.startswith("error: --resume needs files")


@pytest.mark.parametrize(
    ("url", "query", "message"),
    [
        ("sqlite://:memory:", "SELECT 'a' AS txt", "no column 'text'; did you mean 'txt'?; columns: txt"),
        ("sqlite://:memory:", "SELECT 'a' AS text, 1 AS n, 2 AS n", "several columns of one name: n; rename"),
        ("sqlite://:memory:", "SELECT text FROM nowhere", "the query fails: "),
        ("oracle://me:secret@host/x", "SELECT 1", "no driver is known for oracle://; expected one of postgresql://"),
        ("db+no_such_driver.dbapi://h", "SELECT 1", 'not installed: pip install "no-such-driver"'),
        ("postgresql://me:secret@127.0.0.1:1/x", "SELECT 1", "postgresql://127.0.0.1:1/x: the query fails"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(url: str, query: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        fetch(url, query, "text", tmp_path)
    assert message in str(error.value)
    assert "secret" not in str(error.value) and "\n" not in str(error.value)


def test_a_query_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="sqlite://:memory:: say what to read, --query"):
        fetch("sqlite://:memory:", None, "text", tmp_path)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A PostgreSQL server on loopback; the address of its database, with a user."""
    need(BIN / "postgres", "postgresql-15")
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        user: dict[str, Any] = {"cwd": folder, "capture_output": True}
        if os.geteuid() == 0:  # it refuses to run as root
            shutil.chown(folder, "postgres")
            user["user"] = "postgres"
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        data = Path(folder, "data")
        subprocess.run([BIN / "initdb", "-D", data, "-A", "trust", "-E", "UTF8", "-U", "me"], check=True, **user)
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        control = [str(BIN / "pg_ctl"), "-D", str(data), "-w"]
        subprocess.run([*control, "-o", options, "-l", Path(folder, "log"), "start"], check=True, **user)
        try:
            yield f"me:secret@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([*control, "-m", "fast", "stop"], check=True, **user)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql(postgres: str, scheme: str, tmp_path: Path) -> None:
    import psycopg

    with psycopg.connect(f"postgresql://{postgres}", autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS comments")
        for statement in STATEMENTS:
            connection.execute(statement)
    check(f"{scheme}://{postgres}", tmp_path)
