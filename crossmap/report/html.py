"""One HTML file of a run: its words, its pictures and the head of its tables, all inside."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from crossmap.io.results import write_text, writing
from crossmap.report.captions import caption_of, in_order
from crossmap.report.words import LINE_WIDTH

PAGE = "report.html"

MOST_ROWS = 20
"""Rows of a table that the page shows; the file beside it has all."""


def write_html(
    folder: str | Path, *, title: str, text: str, tables: Mapping[str, pd.DataFrame]
) -> Path:
    """Write report.html, which can be sent alone: nothing in it is fetched from elsewhere.

    Parameters
    ----------
    folder
        A folder of results, its pictures written already: every PNG file in it is embedded.
    title
        What was done.
    text
        Paragraphs as summary.txt has them; those with indented lines keep their lines.
    tables
        File name -> table; the first `MOST_ROWS` rows are shown.

    Returns
    -------
    pathlib.Path
        The file. Names in it are escaped, so that a trait may be called ``<script>``.

    Raises
    ------
    OutputError
        If a picture cannot be read or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> table = pd.DataFrame({"trait": ["<script>"], "lod": [3.25]})
    >>> page = write_html(tempfile.mkdtemp(), title="Scan", text="Done.", tables={"a.tsv": table})
    >>> "<td>&lt;script&gt;</td>" in page.read_text()
    True
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("crossmap.report"), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    page = environment.get_template("report.html").render(
        title=title,
        paragraphs=list(paragraphs_of(text)),
        pictures=_pictures(Path(folder)),
        tables=[_shown(name, table) for name, table in tables.items()],
    )
    return write_text(page.rstrip("\n"), folder, PAGE)


def paragraphs_of(text: str) -> Iterator[tuple[str, bool]]:
    r"""Part a text into what is set as it stands and what may flow.

    Parameters
    ----------
    text
        Blocks parted by empty lines. Indented lines are kept as they stand, with headings and
        unfinished lines around them; in others a line that had room for the next one's first word
        ends a paragraph.

    Yields
    ------
    str, bool
        A block or a paragraph, and whether its lines are to be kept.

    Examples
    --------
    >>> list(paragraphs_of("Trait g1\nLocus 1: m2"))
    [('Trait g1', False), ('Locus 1: m2', False)]
    """
    for block in text.split("\n\n"):
        lines = block.split("\n")
        indented = [i for i, line in enumerate(lines) if i and line.startswith(" ")]
        if not indented:
            yield from _flowing(lines)
            continue
        # Sentences before and after what is indented flow; headings stay with it.
        first, last = indented[0], indented[-1] + 1
        first = first if lines[first - 1].endswith((":", ".")) else 0
        last = last if lines[-1].endswith((":", ".")) else len(lines)
        yield from _flowing(lines[:first])
        yield "\n".join(lines[first:last]), True
        yield from _flowing(lines[last:])


def _flowing(lines: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Join lines into paragraphs: one that had room for the next word was the end of one."""
    if not lines:
        return
    paragraph = lines[0]
    for before, line in pairwise(lines):
        if len(before) + 1 + len(line.split(" ")[0]) > LINE_WIDTH:
            paragraph += f"\n{line}"
        else:
            yield paragraph, False
            paragraph = line
    yield paragraph, False


def _pictures(folder: Path) -> list[dict[str, str]]:
    files = {file.stem: file for file in folder.glob("*.png")}
    found = []
    for stem in in_order(files):
        with writing(files[stem]):
            data = base64.b64encode(files[stem].read_bytes()).decode("ascii")
        caption = caption_of(stem)
        found.append(
            {"name": files[stem].name, "title": caption.title, "text": caption.text, "data": data}
        )
    return found


def _shown(name: str, table: pd.DataFrame) -> dict[str, object]:
    head = table.head(MOST_ROWS)
    columns = [_cells(head.iloc[:, i]) for i in range(head.shape[1])]
    return {
        "name": name,
        "n_rows": len(table),
        "n_shown": len(head),
        "columns": [str(column) for column in table.columns],
        "is_number": [str(head.dtypes.iloc[i])[0] in "iuf" for i in range(len(columns))],
        "rows": list(zip(*columns, strict=True)),
    }


def _cells(column: pd.Series) -> list[str]:
    """Cells for reading: six digits, and nothing where a value is missing."""
    return ["" if pd.isna(value) else _cell(value) for value in column.tolist()]


def _cell(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float):
        # Positions are whole base pairs, which six digits would round.
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.6g}"
    return str(value)
