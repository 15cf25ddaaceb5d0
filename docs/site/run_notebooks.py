"""Run the notebooks and keep what they give in them: ``make notebooks``, after a model or a notebook changed."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def main() -> None:
    """Run each where it lies, without the times of the run."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        place = {"metadata": {"path": str(NOTEBOOKS)}}
        client = NotebookClient(notebook, timeout=600, record_timing=False, coalesce_streams=True, resources=place)
        client.execute()
        notebook.metadata["language_info"] = {"name": "python"}
        nbformat.write(notebook, path)
        print(path)


if __name__ == "__main__":
    main()
