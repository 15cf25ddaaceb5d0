"""The encoding of a text file: by its mark, by its bytes, or as its user says.

A file is UTF-8 if all of it can be read so. Else it is Windows-1252, which Excel writes in Western Europe and America,
unless its bytes speak against that: then it is an error, for a wrong guess would be scored as texts.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from goemotions.errors import DataError
from goemotions.tables.source import Source

BLOCK = 1 << 20
SAMPLE = 1 << 12
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-32-le": "UTF-32", "utf-32-be": "UTF-32"}
PLAIN = bytes(range(128))
NO_LETTERS = bytes(byte for byte in range(256) if not chr(byte).isascii() or not chr(byte).isalpha())
UNDEFINED = b"\x81\x8d\x8f\x90\x9d"
"""Bytes that stand for nothing in Windows-1252."""
RUNS = re.compile(rb"[\xc0-\xff]{4,}")
"""Words of other alphabets: no language of Windows-1252 has four accented letters in a row."""
WITHIN = re.compile(rb"(?<=[A-Za-z])[\xa3\xa5\xaa\xaf\xb3\xb9\xba\xbc\xbe\xbf](?=[A-Za-z])")
"""Signs such as \u00b3 and \u00bf within words: letters of Polish and others in Windows-1250."""
ESCAPED = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class Encoding:
    """The way in which characters are bytes in a file.

    Attributes:
        codec: Python's, of those that write no mark.
        mark: the byte order mark that the file begins with, or nothing.
        assumed: what was assumed, for people; empty where a mark or the user says so, and for UTF-8.
    """

    codec: str = "utf-8"
    mark: bytes = b""
    assumed: str = ""

    @property
    def name(self) -> str:
        """The encoding, as people call it."""
        return NAMES.get(self.codec, self.codec)

    @property
    def is_unicode(self) -> bool:
        """True if it has every character."""
        return self.codec.startswith("utf")

    @property
    def line_feed_is_a_byte(self) -> bool:
        """True if lines can be told before they are decoded."""
        return "\n".encode(self.codec) == b"\n"


def find_encoding(source: Source, text_column: str) -> Encoding:
    """Return the encoding of a file.

    Args:
        text_column: a name in the header, by which UTF-16 without a mark is known.

    Raises:
        DataError: bytes that are in none of the encodings that are tried; they are named.
        ValueError: the user's encoding is none that is known.
    """
    with source.open() as stream:
        first = stream.plain.read(SAMPLE)
    given = source.options.encoding
    if given is not None:
        return as_given(given, first)
    for mark, codec in MARKS:
        if first.startswith(mark):
            return Encoding(codec, mark)
    for codec in ("utf-16-le", "utf-16-be"):
        place = first.find(text_column.encode(codec)) if text_column else -1
        zeros = first[:4:2] if codec.endswith("be") else first[1:4:2]
        if (place >= 0 and place % 2 == 0) or (zeros == b"\0\0" and first[:4].count(0) == 2):
            return Encoding(codec, assumed="it looks like UTF-16 and is read so (--encoding says otherwise)")
    return eight_bit(source)


def as_given(name: str, first: bytes) -> Encoding:
    """Return the encoding that a user names, with the mark that the file has."""
    try:
        b"".decode(name)  # codecs that are of no text are unknown here
        codec = codecs.lookup(name).name
    except (LookupError, ValueError, UnicodeError):
        raise ValueError(
            f"no encoding {name!r}: expected one such as utf-8, utf-16, windows-1252 or shift_jis"
        ) from None
    codec = {"utf-8-sig": "utf-8"}.get(codec, codec)
    if codec in ("utf-16", "utf-32"):
        marked = [known for mark, known in MARKS if known.startswith(codec) and first.startswith(mark)]
        codec = marked[0] if marked else f"{codec}-le"
    mark = next((mark for mark, known in MARKS if known == codec and first.startswith(mark)), b"")
    return Encoding(codec, mark)


def eight_bit(source: Source) -> Encoding:
    """Return UTF-8 or Windows-1252, by all bytes of a file; errors as :func:`find_encoding`."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    invalid = sequences = high = letters = runs = within = 0
    undefined: int | None = None
    with source.open() as stream:
        while True:
            block = stream.plain.read(BLOCK)
            text = decoder.decode(block, final=not block)
            if not text.isascii():
                beyond = block.translate(None, PLAIN)
                high += len(beyond)
                runs += sum(map(len, RUNS.findall(block)))
                within += len(WITHIN.findall(block))
                wrong = len(ESCAPED.findall(text))
                invalid += wrong
                sequences += len(text) - len(text.encode("ascii", "ignore")) - wrong
                undefined = undefined or next((byte for byte in beyond if byte in UNDEFINED), None)
            letters += len(block.translate(None, NO_LETTERS))
            if not block:
                break
    if not invalid or sequences > invalid:  # a damaged UTF-8 file: the line is named when it is read
        return Encoding()
    tried = f"{source.path}: cannot tell its encoding: it is neither UTF-8 nor UTF-16"
    if undefined is not None:
        raise DataError(f"{tried} nor Windows-1252, which has no byte {undefined:#04x}: say which (--encoding)")
    if high > letters:
        raise DataError(
            f"{tried}, and as Windows-1252 most of its letters would have accents: say which (--encoding), for example "
            "windows-1251, shift_jis or gb18030"
        )
    if 3 * runs > high:
        raise DataError(
            f"{tried}, and as Windows-1252 whole words would be accented letters: say which (--encoding), for example "
            "windows-1251 or windows-1253"
        )
    if 20 * within > high:
        raise DataError(
            f"{tried}, and as Windows-1252 signs such as ³ would stand within words: say which (--encoding), for "
            "example windows-1250"
        )
    return Encoding("cp1252", assumed="it is not UTF-8, and is read as Windows-1252 (--encoding says otherwise)")
