"""The official GoEmotions files, fetched from their authors' repository and checked."""

from __future__ import annotations

import http.client
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from goemotions.data.checks import raise_together, room_problems
from goemotions.errors import DataError
from goemotions.files import sha256
from goemotions.progress import Progress

SOURCE: Final = "https://raw.githubusercontent.com/google-research/google-research/master/goemotions/data"
CHUNK = 1 << 16
TIMEOUT = 30.0  # seconds without an answer
ATTEMPTS = 4  # a transfer that breaks off is taken up again
WAIT = 1.0  # seconds before the second attempt, doubled for each further one


@dataclass(frozen=True)
class OfficialFile:
    """One file of the release: its name, size in bytes and SHA-256."""

    name: str
    size: int
    sha256: str


FILES: Final = (
    OfficialFile("train.tsv", 3_519_053, "1c254a142be5c00e80d819b9ae1bbd36d94b2eeb8f4b1271846508d57e57d9c5"),
    OfficialFile("dev.tsv", 439_059, "575489c079c9de1097062a01738f998590d6b7ead66dd1c9fd1d2ba01fd8bc62"),
    OfficialFile("test.tsv", 436_706, "0587b2dd8b27b97352adbfc3fb083d46005c8946657fdc2b1ca8b1cc7f1f8be4"),
)


class ServerGoneError(Exception):
    """A transfer that broke off."""


def download(
    folder: Path, source: str = SOURCE, files: tuple[OfficialFile, ...] = FILES, show_progress: bool = True
) -> list[Path]:
    """Fetch the official files into ``folder``; those that are there already are only checked.

    What a broken transfer has brought is kept as ``<name>.partial``; the next attempt, or run, resumes after it.

    Args:
        source: the address of a folder on a server, a ``file:`` address or a local folder.

    Raises:
        DataError: a file in the way with other content, no room, a source that cannot be reached or does not have the
            file, content with another checksum. Nothing with a wrong checksum stays under a file's name.
    """
    problems = [
        f"{folder / file.name} is there, but is not the official file (its SHA-256 differs): move it away first"
        for file in files
        if (folder / file.name).exists() and sha256(folder / file.name) != file.sha256
    ]
    wanted = [file for file in files if not (folder / file.name).exists()]
    problems += room_problems(folder, sum(file.size for file in wanted), "the official files")
    raise_together(problems)
    folder.mkdir(parents=True, exist_ok=True)
    total = sum(file.size for file in wanted)
    with Progress("downloading", show_progress) as progress:
        done = 0
        for file in wanted:

            def advance(size: int, before: int = done, name: str = file.name) -> None:
                progress.update((before + size) / total, 0, name)

            fetch(file, folder, source, advance)
            done += file.size
    return [folder / file.name for file in files]


def fetch(file: OfficialFile, folder: Path, source: str, advance: Callable[[int], None]) -> None:
    """Bring one file under its name."""
    partial = folder / f"{file.name}.partial"
    local = local_folder(source)
    if local is not None:
        if not (local / file.name).is_file():
            raise DataError(f"no file {local / file.name}: --from must name a folder with {file.name} in it")
        shutil.copyfile(local / file.name, partial)
    else:
        fetch_over_http(f"{source.rstrip('/')}/{file.name}", partial, advance)
    got = sha256(partial)
    if got != file.sha256:
        partial.unlink()
        raise DataError(
            f"{file.name} from {source} has SHA-256 {got}, expected {file.sha256}: it is not the official file; "
            "try again, or get it from elsewhere and name that with --from"
        )
    partial.replace(folder / file.name)


def fetch_over_http(address: str, partial: Path, advance: Callable[[int], None]) -> None:
    """Get ``address``, after what ``partial`` holds already, in a few attempts.

    Raises:
        DataError: the server does not have it, or every attempt broke off.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            transfer(address, partial, advance)
            return
        except urllib.error.HTTPError as error:
            raise DataError(f"{address}: the server answers {error.code} {error.reason}") from None
        except (urllib.error.URLError, http.client.HTTPException, ServerGoneError, OSError) as error:
            if isinstance(error, OSError) and error.filename:  # the disk's, not the network's
                raise
            if attempt == ATTEMPTS:
                reason = getattr(error, "reason", None) or str(error) or type(error).__name__
                kept = partial.stat().st_size if partial.exists() else 0
                raise DataError(
                    f"{address} cannot be fetched ({reason}); {kept:,} bytes are kept, the same command resumes after "
                    "them; --from FOLDER takes files that you have"
                ) from None
        time.sleep(WAIT * 2 ** (attempt - 1))


def transfer(address: str, partial: Path, advance: Callable[[int], None]) -> None:
    """One attempt."""
    have = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(address, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:  # all there; the checksum decides
            return
        raise
    with response:
        resumed = response.status == http.HTTPStatus.PARTIAL_CONTENT
        if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise DataError(f"{address}: asked for bytes from {have}, got {response.headers.get('Content-Range')}")
        expected = response.headers.get("Content-Length")
        got = 0
        with partial.open("ab" if resumed else "wb") as stream:
            while chunk := response.read(CHUNK):
                stream.write(chunk)
                got += len(chunk)
                advance(have * resumed + got)
    if expected is not None and got < int(expected):
        raise ServerGoneError(f"broke off after {got:,} of {int(expected):,} bytes")


def local_folder(source: str) -> Path | None:
    """The folder that ``source`` names, or None for an address on a server.

    Raises:
        DataError: a folder that is not there, or another kind of address.
    """
    parts = urllib.parse.urlsplit(source)
    if parts.scheme in ("http", "https"):
        return None
    # Any other scheme is a drive letter.
    folder = Path(urllib.request.url2pathname(parts.path) if parts.scheme == "file" else source)
    if not folder.is_dir():
        raise DataError(f"no folder {folder}: --from takes a folder, or a file:, http: or https: address of one")
    return folder
