"""A fragment's result as a file that says of itself whose it is, and that it is whole.

A Parquet file's footer holds a **seal**, which is the job, the fragment and its counts, and a SHA-256 over all bytes of
the file, computed with zeros where the digest itself stands. So a result needs no second file to keep in step with it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from goemotions.batch.cluster.tally import Tally
from goemotions.errors import DataError

PREFIX = b"goemotions."
SEAL, DIGEST = PREFIX + b"seal", PREFIX + b"sha256"
ZEROS = b"0" * 64
TRAILER = 8
"""A Parquet file ends in its footer, the footer's length in 4 bytes, and ``PAR1``."""


@dataclass(frozen=True)
class Seal:
    """Description of a file's content.

    Attributes:
        job: the job's identity, :attr:`goemotions.batch.cluster.score.Work.job`.
        fragment: the fragment's number in the manifest.
        rows: in this file.
        tally: of the whole fragment.
    """

    job: str
    fragment: int
    rows: int
    tally: Tally

    def to_json(self) -> str:
        return json.dumps(
            {"job": self.job, "fragment": self.fragment, "rows": self.rows, "tally": self.tally.as_dict()}
        )

    @classmethod
    def from_json(cls, text: bytes) -> Seal:
        values: dict[str, Any] = json.loads(text)
        return cls(**{**values, "tally": Tally.from_dict(values["tally"])})


def sealed_file(table: pa.Table, job: str, fragment: int, tally: Tally) -> pa.Buffer:
    """Return a whole Parquet file in memory, which a fragment's bounds allow, so that it can be written at one go."""
    seal = Seal(job, fragment, table.num_rows, tally)
    kept = {key: value for key, value in (table.schema.metadata or {}).items() if not key.startswith(PREFIX)}
    table = table.replace_schema_metadata(kept)
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({SEAL: seal.to_json(), DIGEST: ZEROS})
    content = sink.getvalue()
    start = digest_position(content)
    digest = digest_without(content, start).encode()
    return pa.py_buffer(b"".join((content[:start], digest, content[start + len(ZEROS) :])))


def digest_position(content: pa.Buffer) -> int:
    """Return where the digest stands in a file.

    Raises:
        DataError: nowhere: this is no sealed file, or one that is cut short or damaged at its end.
    """
    size = len(content)
    footer = (
        int.from_bytes(content[size - TRAILER : size - TRAILER + 4].to_pybytes(), "little") if size > TRAILER else 0
    )
    start = size - TRAILER - footer
    if start <= 0 or content[size - 4 :].to_pybytes() != b"PAR1":
        raise DataError("it is not a whole Parquet file")
    found: bytes = content[start:].to_pybytes()
    key = found.rfind(DIGEST)
    if key < 0:
        raise DataError("it has no checksum of goemotions")
    return start + key + len(DIGEST) + 2  # two bytes say that 64 bytes of text follow


def digest_without(content: pa.Buffer, start: int) -> str:
    """Return the SHA-256 of a file, computed with zeros in place of the digest at ``start``."""
    digest = hashlib.sha256(content[:start])
    digest.update(ZEROS)
    digest.update(content[start + len(ZEROS) :])
    return digest.hexdigest()


def check_whole(content: pa.Buffer) -> Seal:
    """Check every byte of a file against its checksum and return its seal.

    Raises:
        DataError: the file is damaged, or none of ours; the message is a clause that says how.
    """
    start = digest_position(content)
    if digest_without(content, start).encode() != content[start : start + len(ZEROS)].to_pybytes():
        raise DataError("its checksum does not match its content")
    return read_seal(pa.BufferReader(content))


def read_seal(stream: Any) -> Seal:
    """Return the seal of a file from its footer alone, which is quick and finds no damage elsewhere.

    Args:
        stream: the file, open for reading: of pyarrow, or any object with ``read`` and ``seek``.

    Raises:
        DataError: as :func:`check_whole`.
    """
    try:
        metadata = pq.read_metadata(stream)
        seal = Seal.from_json(metadata.metadata[SEAL])
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise DataError("its footer is damaged, or not of goemotions") from error
    if seal.rows != metadata.num_rows:
        raise DataError(f"it has {metadata.num_rows} rows, its seal says {seal.rows}")
    return seal
