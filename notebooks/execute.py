"""Executes the notebooks here, one after the other, and writes them with what they show into another folder.

    python execute.py FOLDER

Fails if a cell fails, or if a picture or a notebook is too large for a repository. What differs from run to run without a
meaning (times, versions, random names of cells) is left out, so that a notebook changes only where its text or its results do.
"""

import base64
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HERE = Path(__file__).resolve().parent
MOST_PICTURE = 60_000  # bytes
MOST_NOTEBOOK = 300_000


def clean(notebook):
    """Cells by number, and no metadata but what a reader needs."""
    notebook.metadata = nbformat.from_dict({
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    })
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number:02}"
        cell.metadata = nbformat.from_dict({})
        for output in cell.get("outputs", []):
            if "metadata" in output:
                output.metadata = nbformat.from_dict({})
    return notebook


def execute(path, folder):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", record_timing=False, resources={"metadata": {"path": str(HERE)}}
    ).execute()
    clean(notebook)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                raise SystemExit(f"{path.name}: {cell.id} warns:\n{output.text}")
            size = len(base64.b64decode(output.get("data", {}).get("image/png", "")))
            if size > MOST_PICTURE:
                raise SystemExit(f"{path.name}: the picture of {cell.id} has {size:,} bytes, more than {MOST_PICTURE:,}")
    target = folder / path.name
    nbformat.write(notebook, target)
    size = target.stat().st_size
    if size > MOST_NOTEBOOK:
        raise SystemExit(f"{path.name}: {size:,} bytes, more than {MOST_NOTEBOOK:,}")
    print(f"{path.name}: {size / 1000:.0f} kB")


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    failed = False
    for path in sorted(HERE.glob("*.ipynb")):
        try:
            execute(path, folder)
        except CellExecutionError as error:
            failed = True
            print(f"{path.name}: a cell fails\n{error}", file=sys.stderr)
    sys.exit(1 if failed else 0)


main()
