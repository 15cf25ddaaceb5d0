"""Tables as analysts bring them, and what a reader makes of each: its texts, or why it is refused.

They are made here rather than kept as files, so that what is awkward about each can be read.
"""

from __future__ import annotations

import bz2
import datetime
import gzip
import io
import lzma
import sqlite3
import struct
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import xlsxwriter

THANKS, ANGRY = "Thanks a lot!", "I am furious; really"
TWO: list[str | None] = [THANKS, ANGRY]
EXCEL = 'id;text;score\r\n1;Thanks a lot!;1,5\r\n2;"I am furious; really";2,25\r\n'
PLAIN = 'id,text\n1,Thanks a lot!\n2,"I am furious; really"\n'
TABS = "id\ttext\n1\tThanks a lot!\n2\tI am furious; really\n"
UMLAUTS: list[str | None] = ["Schöne Grüße", "Das ist süß"]
GERMAN = f"id;text\r\n1;{UMLAUTS[0]}\r\n2;{UMLAUTS[1]}\r\n"
JAPANESE = "id,text\n1,ありがとう\n2,最悪だ\n"
RUSSIAN = "id;text\r\n1;Большое спасибо\r\n2;Это ужасно\r\n"
POLISH = "id;text\n1;Dziękuję, było miło\n2;Jestem wściekły\n"
LINES = '{"text": "Thanks a lot!"}\n{"text": "I am furious; really"}\n'


@dataclass(frozen=True)
class Awkward:
    """A file.

    Attributes:
        name: with its ending.
        content: its bytes.
        texts: of its column "text"; None for one that is refused.
        said: what is assumed, or why it is refused; a part of the line. Nothing is said where it is empty.
        options: of the command line.
    """

    name: str
    content: bytes
    texts: list[str | None] | None
    said: str = ""
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


def zstandard(content: bytes) -> bytes:
    stream = pa.BufferOutputStream()
    with pa.CompressedOutputStream(stream, "zstd") as packed:
        packed.write(content)
    return bytes(stream.getvalue())


def workbook(sheets: dict[str, list[list[Any]]]) -> bytes:
    """Return a workbook with these sheets."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, cell in enumerate(row):
                    if isinstance(cell, datetime.date) and not isinstance(cell, datetime.datetime):
                        sheet.write_datetime(number, place, cell, day)
                    else:
                        sheet.write(number, place, cell)
    return stream.getvalue()


def protected() -> bytes:
    """Return what Excel writes for a workbook with a password, as far as it can be read: a compound file with a stream
    of that name."""
    free, end, fat = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        bytes.fromhex("d0cf11e0a1b11ae1"),
        62,
        3,
        0xFFFE,
        9,
        6,
        0,
        1,
        1,
        0,
        4096,
        end,
        0,
        end,
        0,
    ) + struct.pack("<109I", 0, *[free] * 108)
    entries = b""
    for name, kind, child in (("Root Entry", 5, 1), ("EncryptedPackage", 2, free), ("", 0, free), ("", 0, free)):
        raw = name.encode("utf-16-le")
        size = len(raw) + 2 if raw else 0
        entries += raw.ljust(64, b"\0") + struct.pack("<HBBIII36xIQ", size, kind, 1, free, free, child, end, 0)
    return header + struct.pack("<128I", fat, end, *[free] * 126) + entries


def database(*statements: str) -> bytes:
    """Return an SQLite file after these statements."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        return connection.serialize()


DELIMITED = [
    Awkward("powershell.csv", b'#TYPE System.Automation.PSCustomObject\r\n"id","text"\r\n"1","hi"\r\n', ["hi"]),
    Awkward(
        "put-together.csv", "text,id\na,1\n\ufefftext,id\nb,2\n".encode(), ["a", "\ufefftext", "b"],
        "1 row is the line of names again",
    ),
    Awkward(
        "surveymonkey.csv", b"Respondent ID,text,\n,Open-Ended Response,Yes\n1,thanks,\n",
        ["Open-Ended Response", "thanks"], "as SurveyMonkey exports them, and are read as texts: delete that row first",
    ),
    Awkward(
        "qualtrics.csv", b'id,text\nID,How?\n"{""ImportId"":""_id""}","{""ImportId"":""Q1""}"\n1,thanks\n',
        ["How?", '{"ImportId":"Q1"}', "thanks"], "as Qualtrics exports them, and are read as texts: delete these two",
    ),
    Awkward("excel-de.csv", EXCEL.encode(), TWO, "semicolons are taken to separate cells"),
    Awkward("excel-de-mark.csv", EXCEL.encode("utf-8-sig"), TWO, "semicolons"),
    Awkward("sep.csv", f"sep=;\r\n{EXCEL}".encode(), TWO),
    Awkward("sep-quoted.csv", f'"sep=;"\r\n{EXCEL}'.encode(), TWO),
    Awkward("tabs.csv", TABS.encode(), TWO, "tabs are taken"),
    Awkward("bars.csv", TABS.replace("\t", "|").encode(), TWO, "vertical bars are taken"),
    Awkward("commas.tsv", PLAIN.encode(), TWO, "commas are taken"),
    Awkward("said.csv", EXCEL.replace(";", "^").encode(), [THANKS, "I am furious^ really"], "", ("--delimiter", "^")),
    Awkward("said-tab.csv", TABS.encode(), TWO, "", ("--delimiter", "tab")),
    Awkward("one-quote.csv", b"'id';'text'\n'1';'It''s; nice'\n", ["It's; nice"], "' is taken for its quote"),
    Awkward("all-quoted.csv", b'"id";"text"\n"1";"say ""hi"""\n', ['say "hi"'], "semicolons"),
    Awkward("one-column.csv", b"text\nThanks!\nNo, never; really\n", ["Thanks!", "No, never; really"], "tabs"),
    Awkward("every-mark.csv", b"text\na\nb,c;d\te|f\n", None, "row 2: 2 cells, but the header has 1"),
    Awkward("quoted-tabs.tsv", b'id\ttext\n1\t"say ""hi"""\n2\t"a\tb"\n', ['say "hi"', "a\tb"]),
    Awkward("quotes.tsv", b'id\ttext\n1\t"Hi" she said\n2\t"no\n', ['"Hi" she said', '"no'], "characters of the texts"),
    Awkward("behind-quote.csv", b'id,text\n1,"a"b\n', None, "line 2: ',' expected after '\"'"),
    Awkward("commas-in-lines.csv", b"text\nThanks, a lot!\nNo, never\n", ["Thanks, a lot!", "No, never"], "semicolons"),
    Awkward("line-ends.csv", b'text;n\r\n"two\r\nlines";1\r\n', ["two\r\nlines"], "semicolons"),
    Awkward("blank-lines.csv", b"id,text\n\n1,Thanks a lot!\n\n\n", [THANKS]),
    Awkward("no-last-end.csv", PLAIN.rstrip("\n").encode(), TWO),
    Awkward("decimal.csv", b"text;n\na;1,5\nb;2,5\nc;3,5\n", ["a", "b", "c"], "semicolons"),
    Awkward("misnamed.csv", b"id;txt\n1;a\n", None, "no column 'text'; did you mean 'txt'?; columns: id, txt"),
    Awkward("ragged.csv", b"id;text\n1;a\n2;b;c\n", None, "row 2: 3 cells, but the header has 2"),
    Awkward("empty.csv", b"", [], "it is empty"),
    Awkward("only-header.csv", b"id;text\n", [], "semicolons"),
    Awkward("open-quote.csv", b'id;text\n1;"a\n', None, "unexpected end of data"),
    Awkward("mac.csv", b"id,text\r1,a\r", None, "carriage return outside quotes"),
    Awkward(
        "no-header.csv", b"1;Thanks a lot!\n2;Never\n", [THANKS, "Never"], "semicolons",
        ("--no-header", "--text-column", "column_2"),
    ),
    Awkward("two-texts.csv", b"text;text\na;b\n", None, "2 columns 'text'"),
    Awkward("wrong-delimiter.csv", EXCEL.encode(), None, "the delimiter must be one character", ("--delimiter", ";;")),
]  # fmt: skip

ENCODED = [
    Awkward("polish.csv", POLISH.encode("cp1250"), None, "as Windows-1252 signs such as ³ would stand within words: "),
    Awkward(
        "polish-said.csv", POLISH.encode("cp1250"), ["Dziękuję, było miło", "Jestem wściekły"], "semicolons",
        ("--encoding", "windows-1250"),
    ),
    Awkward(
        "links.csv", ("id,link,text\n" + "1,https://example.com/a/long/link,Спасибо\n" * 3).encode("cp1251"), None,
        "as Windows-1252 whole words would be accented letters: ",
    ),
    Awkward("spanish.csv", "id,text\n1,¿Qué tal? 5 m³ (1ª)\n".encode("cp1252"), ["¿Qué tal? 5 m³ (1ª)"], "1252"),
    Awkward("windows-1252.csv", GERMAN.encode("cp1252"), UMLAUTS, "not UTF-8, and is read as Windows-1252"),
    Awkward("euro.csv", "id,text\n1,für 5 €\n".encode("cp1252"), ["für 5 €"], "Windows-1252"),
    Awkward("utf-8.csv", GERMAN.encode(), UMLAUTS, "semicolons"),
    Awkward("utf-16.csv", GERMAN.encode("utf-16"), UMLAUTS, "semicolons"),
    Awkward("utf-16-be.csv", b"\xfe\xff" + GERMAN.encode("utf-16-be"), UMLAUTS, "semicolons"),
    Awkward("utf-16-no-mark.csv", GERMAN.encode("utf-16-le"), UMLAUTS, "it looks like UTF-16 and is read so"),
    Awkward("utf-16-be-no-mark.csv", GERMAN.encode("utf-16-be"), UMLAUTS, "it looks like UTF-16"),
    Awkward("utf-16-japanese.csv", JAPANESE.encode("utf-16"), ["ありがとう", "最悪だ"]),
    Awkward("utf-32.csv", JAPANESE.encode("utf-32"), ["ありがとう", "最悪だ"]),
    Awkward("excel-unicode.tsv", TABS.encode("utf-16"), TWO),
    Awkward("utf-16.jsonl", LINES.encode("utf-16"), TWO),
    Awkward("windows-1252.jsonl", '{"text": "süß"}\n'.encode("cp1252"), ["süß"], "Windows-1252"),
    Awkward("mark.jsonl", LINES.encode("utf-8-sig"), TWO),
    Awkward("russian.csv", RUSSIAN.encode("cp1251"), None, "cannot tell its encoding: it is neither UTF-8 nor UTF-16"),
    Awkward(
        "russian-said.csv", RUSSIAN.encode("cp1251"), ["Большое спасибо", "Это ужасно"], "semicolons",
        ("--encoding", "windows-1251"),
    ),
    Awkward("japanese.csv", JAPANESE.encode("shift_jis"), None, "cannot tell its encoding"),
    Awkward(
        "japanese-said.csv", JAPANESE.encode("shift_jis"), ["ありがとう", "最悪だ"], "", ("--encoding", "shift_jis")
    ),
    Awkward("mixed.csv", "text\nÄÖÜ äöü\n".encode() + b"\xff bad\n", None, "line 3: byte 0xff at position 0 is not"),
    Awkward("no-such.csv", b"text\na\n", None, "no encoding 'klingon'", ("--encoding", "klingon")),
    Awkward("nul.csv", b"id,text\n1,a\0b\n", ["a\0b"]),
    Awkward("replaced.csv", "text\na\ufffd\n".encode(), ["a\ufffd"]),
    Awkward("cut-character.csv", "text\nSüße Grüße, ß".encode()[:-1], None, "line 2: byte 0xc3 at position 16 is not"),
    Awkward("cut.csv", GERMAN.encode("utf-16")[:-1], None, "not UTF-16"),
]  # fmt: skip

PACKED = [
    Awkward("in.csv.gz", gzip.compress(EXCEL.encode()), TWO, "semicolons"),
    Awkward("members.csv.gz", gzip.compress(PLAIN[:20].encode()) + gzip.compress(PLAIN[20:].encode()), TWO),
    Awkward("in.tsv.bz2", bz2.compress(TABS.encode()), TWO),
    Awkward("in.jsonl.xz", lzma.compress(LINES.encode()), TWO),
    Awkward("in.csv.zst", zstandard(GERMAN.encode("utf-16")), UMLAUTS, "semicolons"),
    Awkward("cut.csv.gz", gzip.compress(PLAIN.encode())[:-9], None, "is no whole gzip file"),
    Awkward("empty.csv.gz", b"", None, "is no whole gzip file"),
    Awkward("empty.csv.zst", b"", None, "is no whole Zstandard file"),
    Awkward("not-packed.csv.gz", PLAIN.encode(), None, "is no whole gzip file"),
    Awkward("not-packed.csv.zst", PLAIN.encode(), None, "is no whole Zstandard file"),
    Awkward("packed.csv", gzip.compress(PLAIN.encode()), None, "holds gzip, but its name says CSV"),
    Awkward("in.parquet.gz", gzip.compress(b"PAR1"), None, "Parquet is not read from within .gz"),
    Awkward("book.csv", b"PK\x03\x04....", None, "holds a zip archive or an Excel workbook"),
]

SHEETS = [
    Awkward("in.xlsx", workbook({"One": [["id", "text"], [1, THANKS], [2, ANGRY]]}), TWO),
    Awkward("two.xlsx", workbook({"One": [["text"], [THANKS]], "Two": []}), [THANKS], "the first of 2 sheets is read"),
    Awkward("said.xlsx", workbook({"One": [], "Two": [["text"], [THANKS]]}), [THANKS], "", ("--sheet", "Two")),
    Awkward(
        "no-sheet.xlsx", workbook({"Data": []}), None, "no sheet 'data'; did you mean 'Data'?; sheets: Data",
        ("--sheet", "data"),
    ),
    Awkward("gaps.xlsx", workbook({"One": [[], [], ["", "text"], [], ["", 5], ["x", ""]]}), ["5", None]),
    Awkward("none.xlsx", workbook({"One": []}), [], "the sheet is empty"),
    Awkward("untitled.xlsx", workbook({"One": [["text", ""], [THANKS, "x"]]}), [THANKS]),
    Awkward("damaged.xlsx", workbook({"One": [["text"], [THANKS]]})[:-200], None, "is no workbook that can be read"),
    Awkward("not.xlsx", b"text,n\na,1\n", None, "is no workbook but text: name it .csv"),
    Awkward("password.xlsx", protected(), None, "is protected by a password: save it without one"),
    Awkward("sheet-of.csv", b"text\na\n", None, "--sheet says nothing of sheet-of.csv, which is CSV", ("--sheet", "A")),
]  # fmt: skip

OTHERS = [
    Awkward("in.json", b'[{"id": 1.50, "text": "Thanks a lot!"},\n\n{"text": "I am furious; really"}]', TWO),
    Awkward("lines.json", LINES.encode(), TWO, "it is no array, and is read as JSON lines"),
    Awkward("empty.json", b" [ ]", []),
    Awkward(
        "wrapped.json",
        b'{"ok": true,\n "data": {"items": [{"text": "a"}]}}',
        None,
        "is one object, which holds a list of objects under 'data.items': save that list as a file",
    ),
    Awkward("utf-16.json", '[{"text": "süß"}]'.encode("utf-16"), ["süß"]),
    Awkward("packed.json.gz", gzip.compress(b'[{"text": "hi"}]'), ["hi"]),
    Awkward("object.json", b'"text"', None, "expected a JSON array of objects, got"),
    Awkward("open.json", b'[{"text": "a"}', None, "behind element 1: expected , or ], got 'its end'"),
    Awkward("comma.json", b'[{"text": "a"},]', None, "element 2: not JSON"),
    Awkward("more.json", b'[{"text": "a"}] x', None, "there is more behind the array's ]"),
    Awkward("deep.json", b'[{"text": ' + b"[" * 100_000, None, "nested too deeply"),
    Awkward("bad.jsonl", b'{"text": "a"}\n{"text": "b"\n', None, "line 2: not JSON"),
    Awkward("array.jsonl", b'[\n{"text": "a"}]\n', None, "a JSON array is not JSON lines"),
    Awkward("number.jsonl", b"7\n", None, "line 1: expected an object, got 7"),
    Awkward("keys.jsonl", b'{"id": 1}\n\n{"text": null}\n{"text": "hi", "n": 1.5}\n', [None, None, "hi"]),
    Awkward("strings.json", b'[{"text": "a \\"]},{[ b"}]', ['a "]},{[ b']),
    Awkward("numbers.json", b"[1, 2]", None, "element 1: expected an object, got 1"),
    Awkward(
        "in.db", database("CREATE TABLE t (id, text)", f"INSERT INTO t VALUES (1, '{THANKS}')"), [THANKS], "only table"
    ),
    Awkward(
        "said.sqlite", database("CREATE TABLE t (body)", f"INSERT INTO t VALUES ('{THANKS}')", "CREATE TABLE u (v)"),
        [THANKS], "", ("--query", "SELECT body AS text FROM t"),
    ),
    Awkward("two.db", database("CREATE TABLE t (text)", "CREATE TABLE u (text)"), None, "its tables: t, u"),
    Awkward("schema.db", database("CREATE TABLE t (text)").replace(b"TABLE", b"T\xffBLE"), None, "is no SQLite file"),
    Awkward("not.db", b"text\na\n", None, "is no SQLite file that can be read"),
]  # fmt: skip

FILES = [*DELIMITED, *ENCODED, *PACKED, *SHEETS, *OTHERS]
