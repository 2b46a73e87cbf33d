"""The help of a command: its options in groups, and what it writes.

Nothing here imports numpy, so that ``crossmap --help`` answers at once.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import click

from crossmap.cli.option_names import errors_in_options

READING = ("crosstype", "codes", "lenient")
PROBABILITIES = ("genotype_probabilities", "step", "error_prob", "map_function", "cm_per_mb")
RUNNING = (
    "out", "format", "layout", "threads", "memory", "config", "quiet", "verbose", "help",
)  # fmt: skip

EVERYWHERE: Mapping[str, str] = {
    "report.html": "words, pictures and the heads of tables on one page",
    "summary.txt, summary.json": "what is printed, and its numbers for scripts",
    "manifest.json": "options as in Python, seed, versions, sha256 of the inputs",
}

UNITS = " (l = 1, 2, ...; _bp and _cm each where the map has such places)"


def files_section(
    files: Mapping[str, str],
    *,
    of: str,
    pictures: Sequence[str] = (),
    text: str = "summary.txt",
    only_tsv: bool = False,
) -> dict[str, Mapping[str, str]]:
    """Make the sections of the help that name the files of the results and the columns of tables.

    Parameters
    ----------
    files
        Table, without its ending -> what it holds.
    of
        The command.
    pictures
        Without their ending; what they show is their caption's title.
    text
        File of what is printed.
    only_tsv
        Whether the command has no ``--format`` of tables.

    Returns
    -------
    dict
        For the argument `sections` of `PagedCommand`.
    """
    from crossmap.report.captions import in_order  # loads pandas, as the command itself will
    from crossmap.report.columns import OF_COMMAND

    everywhere = {name.replace("summary.txt", text): what for name, what in EVERYWHERE.items()}
    ending = ".tsv" if only_tsv else ".tsv or, by --format, .parquet"
    drawn = {f"{stem}.png": title_of(stem) for stem in in_order(pictures)}
    columns = {
        f"Columns of {tables}{UNITS if number == 0 else ''}": meanings
        for number, (tables, meanings) in enumerate(OF_COMMAND[of].items())
    }
    return {f"Files in --out (tables are {ending})": {**files, **drawn, **everywhere}, **columns}


def title_of(stem: str) -> str:
    """Give the title of a picture's caption, as part of a sentence.

    Parameters
    ----------
    stem
        Name of its file, without the ending.

    Returns
    -------
    str
        Empty if there is no caption.
    """
    from crossmap.report.captions import caption_of

    title = caption_of(stem).title
    return "" if title == stem else f"{title[:1].lower()}{title[1:]}"


class PagedCommand(click.Command):
    """A command whose options are explained by what they are about.

    Parameters
    ----------
    sections
        Heading -> (name -> meaning), printed after the options: the files that are written, the
        columns of their tables.
    """

    def __init__(
        self,
        *arguments: Any,
        sections: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.sections = sections

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what it raises names its options."""
        with errors_in_options(self):
            return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, those that all commands share last."""
        names = {parameter.name for parameter in self.params}
        groups: dict[str, tuple[str, ...]] = {"Running": RUNNING}
        if "lenient" in names:  # else --crosstype is not of a cross that is read
            groups = {"Reading the cross": READING, **groups}
        if "genotype_probabilities" in names:
            groups = {"Genotype probabilities": PROBABILITIES, **groups}
        group_of = {name: title for title, members in groups.items() for name in members}
        # An option is known by its flag: that of --help has a name of click's own.
        options = {p.opts[-1].lstrip("-").replace("-", "_"): p for p in self.get_params(ctx)
                   if isinstance(p, click.Option)}  # fmt: skip
        rows = {"Options": tuple(n for n in options if n not in group_of), **groups}
        for title, members in rows.items():
            found = [options[name].get_help_record(ctx) for name in members if name in options]
            records = [record for record in found if record is not None]
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections after the options."""
        for title, meanings in self.sections.items():
            with formatter.section(title):
                formatter.write_dl(list(meanings.items()))
        super().format_epilog(ctx, formatter)
