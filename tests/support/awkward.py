"""Tables as analysts bring them, and what a reader makes of each: its texts, or why it is refused.

They are made here rather than kept as files, so that what is awkward about each can be read.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
from dataclasses import dataclass

import pyarrow as pa

THANKS, ANGRY = "Thanks a lot!", "I am furious; really"
TWO = [THANKS, ANGRY]
EXCEL = 'id;text;score\r\n1;Thanks a lot!;1,5\r\n2;"I am furious; really";2,25\r\n'
PLAIN = 'id,text\n1,Thanks a lot!\n2,"I am furious; really"\n'
TABS = "id\ttext\n1\tThanks a lot!\n2\tI am furious; really\n"
UMLAUTS = ["Schöne Grüße", "Das ist süß"]
GERMAN = f"id;text\r\n1;{UMLAUTS[0]}\r\n2;{UMLAUTS[1]}\r\n"
JAPANESE = "id,text\n1,ありがとう\n2,最悪だ\n"
RUSSIAN = "id;text\r\n1;Большое спасибо\r\n2;Это ужасно\r\n"
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
    texts: list[str] | None
    said: str = ""
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


def zstandard(content: bytes) -> bytes:
    stream = pa.BufferOutputStream()
    with pa.CompressedOutputStream(stream, "zstd") as packed:
        packed.write(content)
    return bytes(stream.getvalue())


DELIMITED = [
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
    Awkward("one-column.csv", b"text\nThanks a lot!\nNo, never; really\n", None, "row 2: 2 cells"),
    Awkward("commas-in-lines.csv", b"text\nThanks, a lot!\nNo, never\n", ["Thanks, a lot!", "No, never"], "semicolons"),
    Awkward("line-ends.csv", b'text;n\r\n"two\r\nlines";1\r\n', ["two\r\nlines"], "semicolons"),
    Awkward("blank-lines.csv", b"id,text\n\n1,Thanks a lot!\n\n\n", [THANKS]),
    Awkward("no-last-end.csv", PLAIN.rstrip("\n").encode(), TWO),
    Awkward("decimal.csv", b"text;n\na;1,5\nb;2,5\nc;3,5\n", ["a", "b", "c"], "semicolons"),
    Awkward("misnamed.csv", b"id;txt\n1;a\n", None, "no column 'text'; did you mean 'txt'?; columns: id, txt"),
    Awkward("ragged.csv", b"id;text\n1;a\n2;b;c\n", None, "row 2: 3 cells, but the header has 2"),
    Awkward("empty.csv", b"", []),
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
    Awkward("cut.csv", GERMAN.encode("utf-16")[:-1], None, "not UTF-16"),
]  # fmt: skip

PACKED = [
    Awkward("in.csv.gz", gzip.compress(EXCEL.encode()), TWO, "semicolons"),
    Awkward("members.csv.gz", gzip.compress(PLAIN[:20].encode()) + gzip.compress(PLAIN[20:].encode()), TWO),
    Awkward("in.tsv.bz2", bz2.compress(TABS.encode()), TWO),
    Awkward("in.jsonl.xz", lzma.compress(LINES.encode()), TWO),
    Awkward("in.csv.zst", zstandard(GERMAN.encode("utf-16")), UMLAUTS, "semicolons"),
    Awkward("cut.csv.gz", gzip.compress(PLAIN.encode())[:-9], None, "is no whole gzip file"),
    Awkward("not-packed.csv.gz", PLAIN.encode(), None, "is no whole gzip file"),
    Awkward("not-packed.csv.zst", PLAIN.encode(), None, "is no whole Zstandard file"),
    Awkward("packed.csv", gzip.compress(PLAIN.encode()), None, "holds gzip, but its name says CSV"),
    Awkward("in.parquet.gz", gzip.compress(b"PAR1"), None, "Parquet is not read from within .gz"),
    Awkward("book.csv", b"PK\x03\x04....", None, "holds a zip archive or an Excel workbook"),
]

FILES = [*DELIMITED, *ENCODED, *PACKED]
