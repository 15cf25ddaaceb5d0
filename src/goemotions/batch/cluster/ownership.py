"""The owner of an output's folder: a job claims it, or finds it claimed.

``<output>/_job/`` holds ``job-<SHA-256>.json`` (what is scored, and how), ``manifest.jsonl`` (a fragment a line) and
``unreadable.json`` (files that are not Parquet). The job's file is named by its content, and names the content of the
other two: so it is a checksum of all three, and the job's identity, which every result carries.

**Lock.** Before a driver writes a job's file it writes a claim, ``claim-<SHA-256>-<its own number>``, and lists the
claims. If they are all of its job, the folder is the job's; if not, it removes its claim. Two drivers with different
jobs cannot both find themselves alone, since each writes before it looks. So this is a conditional create made of what
every storage has, for pyarrow offers no conditional write: all it needs is that what was written is listed at once, as
disks and object stores do today. It needs no release: a job that was killed still owns its folder, and the same
command resumes it.
"""

from __future__ import annotations

import hashlib
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from goemotions.batch.cluster.ledger import Ledger
from goemotions.batch.cluster.plan import Description, Plan, check_same, describe_job, make_plan
from goemotions.batch.cluster.score import JOB, Work, job_file
from goemotions.batch.cluster.storage import Location
from goemotions.errors import DataError

JOB_FILE = re.compile(r"job-([0-9a-f]{64})\.json")
CLAIM = re.compile(r"claim-([0-9a-f]{64})-[0-9a-f]{32}")
WAIT = 0.25
"""Seconds between two looks at a folder that more than one job claims."""
LOOKS_TO_CLAIM, LOOKS_TO_FIND = 4, 20
"""How often a driver looks whether one that came at the same moment withdraws, or begins."""
LOOKS_AT_A_FILE = 4
"""How often a driver reads a job's description before it takes it to be damaged."""


def open_ledger(work: Work, labels: Sequence[str], fragment_rows: int) -> Ledger:
    """Begin the job, or find it begun.

    Raises:
        DataError: the folder holds another job, something else, or damaged files; or the input has changed since.
    """
    location = work.open_output()
    now = describe_job(work, fragment_rows)
    owner = find_owner(location)
    if owner is None:
        if next(location.list(), None) is not None:
            raise DataError(f"{work.output} holds files already: name a new folder")
        plan = make_plan(work, labels, fragment_rows)
        digests = {name: sha256(content) for name, content in plan.contents.items()}
        content = replace(now, digests=digests).content
        job = sha256(content)
        location.make_folder(JOB)
        if claim(location, job):
            location.write(job_file(job), content)
            write_plan(location, plan)
            return Ledger(location, job, plan)
        owner = await_owner(location)
    before = read_job(location, owner)
    new_files = check_same(before, now, work.output)
    plan, made_again = read_plan(location, before.digests, lambda: make_plan(work, labels, fragment_rows))
    ledger = Ledger(location, owner, plan, new_files)
    ledger.made_again |= made_again
    ledger.check_foreign()
    return ledger


def find_owner(location: Location) -> str | None:
    """Return the identity of the job whose file is in a folder, or None.

    Raises:
        DataError: there are two, of which one was put there by hand.
    """
    found = named(location, JOB_FILE)
    if len(found) > 1:
        raise DataError(f"{location.uri} holds {len(found)} jobs, in {JOB}/job-*.json: name a new folder")
    return found[0] if found else None


def await_owner(location: Location) -> str:
    """Return the identity of the job that another driver is just beginning.

    Raises:
        DataError: none begins: two drivers have withdrawn, or one was killed between its claim and its job's file.
    """
    for _ in range(LOOKS_TO_FIND):
        owner = find_owner(location)
        if owner is not None:
            return owner
        time.sleep(WAIT)
    raise DataError(f"another driver claimed {location.uri} at the same moment: run one again, in a new folder")


def named(location: Location, pattern: re.Pattern[str]) -> list[str]:
    """Return the identities of jobs in the names of a job's folder that match, sorted."""
    names = (file.path.rpartition("/")[2] for file in location.list(JOB))
    return sorted(match[1] for name in names if (match := pattern.fullmatch(name)))


def claim(location: Location, job: str) -> bool:
    """Claim a folder for a job; return whether it is the job's. If not, the claim is removed again.

    Of jobs that come at the same moment the one with the smallest identity stays, while the others withdraw; a job that
    came before stays anyway, for it no longer looks.
    """
    name = f"{JOB}/claim-{job}-{uuid.uuid4().hex}"
    location.write(name, b"")
    for _ in range(LOOKS_TO_CLAIM):
        found = named(location, CLAIM)
        if set(found) == {job}:
            return True
        if found and found[0] != job:
            break
        time.sleep(WAIT)
    location.delete(name)
    return False


def read_job(location: Location, job: str) -> Description:
    """Return a job's description.

    Raises:
        DataError: its file is not as it was written.
    """
    for look in range(LOOKS_AT_A_FILE):
        # Some storages list a file before it is whole: another driver may be writing it at this moment.
        time.sleep(WAIT if look else 0)
        content = location.read(job_file(job)) or b""
        if sha256(content) == job:
            return Description.parse(content)
    raise DataError(f"{location.join(job_file(job))} is damaged: restore it, or name a new folder")


def write_plan(location: Location, plan: Plan) -> None:
    for name, content in plan.contents.items():
        location.write(f"{JOB}/{name}", content)


def read_plan(
    location: Location, digests: Mapping[str, str], make_again: Callable[[], Plan]
) -> tuple[Plan, dict[str, str]]:
    """Return the plan that a job's folder holds, made again from the input if its files are damaged or not there.

    Returns:
        The plan; name to reason, of files that were made again.

    Raises:
        DataError: what was made again is another plan.
    """
    found = {name: location.read(f"{JOB}/{name}") or b"" for name in digests}
    wrong = {name: "it is damaged or not there" for name in digests if sha256(found[name]) != digests[name]}
    if not wrong:
        return Plan.parse(found), {}
    plan = make_again()
    if {name: sha256(content) for name, content in plan.contents.items()} != digests:
        raise DataError(
            f"{location.join(JOB)}: {', '.join(wrong)} is damaged, and the input now gives another one: name a new "
            "folder"
        )
    write_plan(location, plan)
    return plan, wrong


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
