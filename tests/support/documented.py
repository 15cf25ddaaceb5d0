"""What the documentation tells its readers to run, and in which environment.

An environment is what the nearest ``pip install`` above says, in the same section or one around it, in a block or in
the text (``pip install ".[use]"``); ``pip install --no-deps`` and packages of this project (``./packages/…``) add
to it.
A page that names none is for the base install.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field

from environments import OWN, ROOT, Environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
    *(f"docs/tutorials/{path.name}" for path in sorted((ROOT / "docs" / "tutorials").glob("*.md"))),
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "packages").glob("*/README.md"))),
)
HEADING = re.compile(r"(#+) ")
FENCE = re.compile(r"```(\w*)$")
INLINE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        shown: the text of the block without a language that follows at once: what it prints.
    """

    page: str
    line: int
    language: str
    text: str
    environment: Environment
    shown: str | None = None

    @property
    def commands(self) -> list[str]:
        """Its shell commands: joined where they are continued, without comments and ``pip install``."""
        joined = re.sub(r"\\\n\s*", "", self.text)
        lines = [re.sub(r"(^|\s)# .*", "", line).strip() for line in joined.splitlines()]
        return [line for line in lines if line and not line.startswith("pip install ")]

    def __str__(self) -> str:
        return f"{self.page}:{self.line} ({self.environment})"


@dataclass
class Sections:
    """The sections around a line, outermost first, each with the environment it has named so far."""

    stack: list[tuple[int, Environment]] = field(default_factory=lambda: [(0, Environment())])

    @property
    def environment(self) -> Environment:
        return self.stack[-1][1]

    def enter(self, level: int) -> None:
        while self.stack[-1][0] >= level:
            self.stack.pop()
        self.stack.append((level, self.environment))

    def install(self, command: str) -> None:
        """Note a ``pip install``, if ``command`` is one."""
        if not command.startswith("pip install "):
            return
        words = shlex.split(command, comments=True)
        now = self.environment
        for word in words[2:]:
            if word.startswith("--"):
                continue
            if word.startswith("./"):  # a model's package, with what it requires
                project = tomllib.loads((ROOT / word / "pyproject.toml").read_text(encoding="utf-8"))["project"]
                needed = map(Requirement, project["dependencies"])
                extras = now.extras.union(*(other.extras for other in needed if other.name == OWN))
                now = Environment(extras, now.packages | {canonicalize_name(project["name"])})
            elif word == "." or word.startswith((".[", "goemotions[")):
                named = re.search(r"\[(.*)\]", word)
                now = Environment(frozenset(named[1].split(",")) if named else frozenset())
            else:
                name = canonicalize_name(Requirement(word).name)
                now = Environment(now.extras, now.packages | {name})
        self.stack[-1] = (self.stack[-1][0], now)


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    found: list[Block] = []
    end = 0
    for start, language, text, sections in fences((ROOT / page).read_text(encoding="utf-8").splitlines()):
        previous = found[-1] if found else None
        if previous is not None and not language and previous.language in ("bash", "python") and start <= end + 2:
            found[-1] = dataclasses.replace(previous, shown=text)
        else:
            found.append(Block(page, start, language, text, sections.environment))
        end = start + text.count("\n") + 1
    return found


def fences(lines: list[str]) -> Iterator[tuple[int, str, str, Sections]]:
    """Yield the line, language and text of each fenced block, with the sections around it as its end leaves them."""
    sections = Sections()
    start, language, inside = 0, "", list[str]()
    for number, line in enumerate(lines, start=1):
        if start and line == "```":
            if language == "bash":
                for command in inside:
                    sections.install(command)
            yield start, language, "".join(f"{text}\n" for text in inside), sections
            start, inside = 0, []
        elif start:
            inside.append(line)
        elif fence := FENCE.match(line):
            start, language = number, fence[1]
        elif heading := HEADING.match(line):
            sections.enter(len(heading[1]))
        else:
            for code in INLINE.findall(line):
                if code.startswith("pip install "):
                    sections.install(code)


def mentions(page: str) -> list[str]:
    """Return the code within the text of a page; where a line ends in it, there is a space."""
    text = re.sub(r"^```.*?^```$", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.M | re.S)
    return [" ".join(code.split()) for code in INLINE.findall(text)]
