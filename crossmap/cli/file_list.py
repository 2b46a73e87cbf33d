"""The end of what a command prints: the files that it wrote, and those that it could not."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from crossmap.cli.help_page import EVERYWHERE, title_of
from crossmap.report.captions import in_order


def list_files(
    out: str | Path,
    meanings: Mapping[str, str],
    *,
    not_written: Mapping[str, str] = MappingProxyType({}),
    text: str = "summary.txt",
) -> str:
    r"""Name every file of a folder of results and what it holds.

    Parameters
    ----------
    out
        The folder, as the user named it; it is there.
    meanings
        Table, without its ending -> what it holds, as the help of the command has it. NAME stands
        for any name.
    not_written
        File that might be expected -> why it is not there.
    text
        File of what is printed.

    Returns
    -------
    str
        Lines, without a line end after the last.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("report.html", "traits.tsv"):
    ...     _ = (folder / name).write_text("x")
    >>> text = list_files(folder, {"traits": "all traits", "peaks": "all peaks"})
    >>> print("\n".join(text.splitlines()[1:]))
      report.html  words, pictures and the heads of tables on one page
      traits.tsv   all traits
    """
    there = {file.name for file in Path(out).iterdir()}
    rows = [(", ".join(known), what) for names, what in EVERYWHERE.items()
            if (known := [name for name in names.replace("summary.txt", text).split(", ")
                          if name in there])]  # fmt: skip
    pictures = {Path(name).stem: name for name in there if name.endswith(".png")}
    told = {name for names, _ in rows for name in names.split(", ")} | set(pictures.values())
    for stem, what in meanings.items():
        pattern = re.escape(stem).replace("NAME", ".+") + r"\.(tsv|parquet)"
        # What it was asked for with needs no word once it is there.
        plain = re.sub(r"^(\(Parquet\) |with (--)?[^:]*: )", "", what)
        of_it = sorted(name for name in there - told if re.fullmatch(pattern, name))
        rows += [(name, plain) for name in of_it]
        told |= set(of_it)
    rows += [(name, "") for name in sorted(there - told)]
    rows += [(pictures[stem], title_of(stem)) for stem in in_order(pictures)]
    lines = [f"Results are in {out}:", *_columns(rows)]
    if not_written:
        lines += ["Not written:", *_columns(list(not_written.items()))]
    return "\n".join(lines)


def _columns(rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(name) for name, _ in rows)
    return [f"  {name:{width}}  {what}".rstrip() for name, what in rows]
