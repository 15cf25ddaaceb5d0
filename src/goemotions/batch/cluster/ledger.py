"""The fragments of a job that are done: listed, checked and added up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from goemotions.batch.cluster.fragments import READERS, Fragment
from goemotions.batch.cluster.plan import Plan
from goemotions.batch.cluster.score import DEAD, job_file
from goemotions.batch.cluster.sealed import Seal, check_whole, read_seal
from goemotions.batch.cluster.storage import Location, removed
from goemotions.batch.cluster.tally import Tally
from goemotions.errors import DataError

CHECKERS = 8
"""Results read whole at a time, each in memory."""


class Ledger:
    """A job's folder, new or found.

    Attributes:
        location: the output's folder.
        job: the job's identity.
        fragments: the manifest.
        unreadable: path to reason, of input files that could not be opened.
        new_files: input files that came after the job began, and are not in it.
        made_again: file name to reason, of files that were found damaged.
    """

    def __init__(self, location: Location, job: str, plan: Plan, new_files: int = 0) -> None:
        self.location = location
        self.job = job
        self.fragments = plan.fragments
        self.unreadable = plan.unreadable
        self.new_files = new_files
        self.made_again: dict[str, str] = {}

    @property
    def rows(self) -> int:
        return sum(fragment.rows for fragment in self.fragments)

    def done(self) -> set[int]:
        """Return the numbers of the fragments whose result is there."""
        present = {file.path.rpartition("/")[2] for file in self.location.list()}
        return {fragment.number for fragment in self.fragments if fragment.result in present}

    def check_owned(self) -> None:
        """Check that the folder is still the job's.

        Raises:
            DataError: the job's file is gone: someone has removed or replaced the output's folder.
        """
        if not self.location.exists(job_file(self.job)):
            raise DataError(removed(self.location.uri))

    def check_foreign(self) -> None:
        """Check that the folder holds nothing but results.

        Raises:
            DataError: the output's folder holds a file that is none of the job's, which readers would read too.
        """
        ours = {fragment.result for fragment in self.fragments}
        names = (file.path.rpartition("/")[2] for file in self.location.list())
        other = [name for name in names if name not in ours and not name.startswith(("_", "."))]
        if other:
            raise DataError(
                f"{self.location.uri} holds {len(other)} files that are not of its job, the first is {other[0]}: move "
                "them away"
            )

    def remove_damaged(self, progress: Callable[[float, int], None]) -> None:
        """Check every byte of the results that are there, and remove those that are not as they were written.

        Args:
            progress: is called with the share done and the number of results checked.

        Raises:
            OSError: a result cannot be read now; nothing is removed for that.
        """
        done = self.done()
        present = [fragment for fragment in self.fragments if fragment.number in done]
        with ThreadPoolExecutor(CHECKERS) as pool:
            checked = pool.map(self._damage, present)
            for number, (fragment, damage) in enumerate(zip(present, checked, strict=True), start=1):
                if damage:
                    self.location.delete(fragment.result)
                    self.made_again[fragment.result] = damage
                progress(number / len(present), number)

    def tallies(self) -> Iterator[Tally]:
        """Yield what the results say of themselves, in the manifest's order; all fragments must be done.

        Raises:
            DataError: a result that is damaged, or not this job's.
        """

        def tally(fragment: Fragment) -> Tally:
            try:
                return self._seal(fragment, whole=False).tally
            except DataError as error:
                raise DataError(f"{error}: the same command makes it again") from error

        with ThreadPoolExecutor(READERS) as pool:
            yield from pool.map(tally, self.fragments)

    def _damage(self, fragment: Fragment) -> str:
        try:
            self._seal(fragment, whole=True)
        except DataError as error:
            return str(error)
        return ""

    def _seal(self, fragment: Fragment, whole: bool) -> Seal:
        """Return the seal of a fragment's result, its dead letters being checked too."""
        seal = read_sealed(self.location, fragment.result, whole)
        found = seal.rows + seal.tally.dead
        if (seal.job, seal.fragment) != (self.job, fragment.number):
            whose = f"fragment {seal.fragment}" if seal.job == self.job else "another job"
            raise DataError(f"{fragment.result} holds {whose}")
        if (seal.rows, found) != (seal.tally.rows, fragment.rows):
            raise DataError(f"{fragment.result} holds {found} rows, the manifest says {fragment.rows}")
        if seal.tally.dead:
            letters = read_sealed(self.location, f"{DEAD}/{fragment.result}", whole)
            if (letters.job, letters.fragment, letters.rows) != (self.job, fragment.number, seal.tally.dead):
                raise DataError(f"{DEAD}/{fragment.result} holds other rows")
        return seal


def read_sealed(location: Location, name: str, whole: bool) -> Seal:
    """Return the seal of a file.

    Args:
        whole: check every byte; else its footer alone is read.

    Raises:
        DataError: it is damaged or not there.
        OSError: it cannot be read now, which says nothing about its content.
    """
    try:
        with location.filesystem.open_input_file(location.join(name)) as stream:
            return check_whole(stream.read_buffer()) if whole else read_seal(stream)
    except (DataError, FileNotFoundError) as error:
        raise DataError(f"{name} is damaged: {error}") from error
