"""The notebooks as pages of the site, with the outputs that are stored in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def notebook_pages() -> dict[str, str]:
    """Return the page of each notebook by its path."""
    return {f"notebooks/{path.stem}.md": page_of(path) for path in sorted(NOTEBOOKS.glob("*.ipynb"))}


def page_of(path: Path) -> str:
    """Return a notebook as Markdown, with the place to get it behind its title."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    title, *rest = (part for cell in notebook["cells"] for part in parts(cell))
    heading, _, text = title.partition("\n")
    return "\n\n".join([heading, f"[The notebook itself]({path.name})", text.strip(), *rest]) + "\n"


def parts(cell: dict[str, Any]) -> Iterator[str]:
    """Yield a cell and what it gave."""
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield source
        return
    language = "bash" if source.startswith("%%bash") else "python"
    yield f"```{language}\n{source.removeprefix('%%bash').strip()}\n```"
    for output in cell["outputs"]:
        yield shown(output)


def shown(output: dict[str, Any]) -> str:
    """Return an output in the richest form that a page has for it."""
    data = output.get("data", {})
    if "image/png" in data:
        return f"![What the cell above draws](data:image/png;base64,{''.join(data['image/png']).strip()})"
    if "text/html" in data:
        html = re.sub(r"<style.*?</style>|\n\s*", "", "".join(data["text/html"]), flags=re.DOTALL)
        return f'<div class="output">{html}</div>'
    return f"```text\n{''.join(output.get('text') or data['text/plain']).rstrip()}\n```"
