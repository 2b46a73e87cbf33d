"""What can go wrong, as few kinds as there are things a user can do about it."""

from pathlib import Path


class CrossmapError(Exception):
    """Base of every error that crossmap raises on purpose; exit status 1 on the command line."""

    exit_status = 1


class ArgumentError(CrossmapError, ValueError):
    """An argument or option has a value that cannot be used; exit status 2."""

    exit_status = 2


class DataError(CrossmapError, ValueError):
    """The data cannot be used as they are; exit status 3."""

    exit_status = 3

    @classmethod
    def at(
        cls,
        file: str | Path,
        *,
        expected: str,
        found: str,
        line: int | None = None,
        column: str | int | None = None,
    ) -> "DataError":
        """Make the error of one place in a file.

        Parameters
        ----------
        file
            The file as the user named it.
        expected, found
            What should stand there and what does.
        line
            Line number, from 1, the header included.
        column
            Column name, or its number from 1.

        Returns
        -------
        DataError
            Its message reads ``traits.tsv, line 3, column s2: expected a number, found 'x'``.

        Examples
        --------
        >>> str(DataError.at("t.tsv", expected="a number", found="'x'", line=3, column="s2"))
        "t.tsv, line 3, column s2: expected a number, found 'x'"
        """
        place = str(file)
        if line is not None:
            place += f", line {line}"
        if column is not None:
            place += f", column {column}"
        return cls(f"{place}: expected {expected}, found {found}")


class OutputError(CrossmapError):
    """Results cannot be written where they were asked for; exit status 1."""


class CrossmapWarning(UserWarning):
    """Something was done that the user should know of; the run goes on."""
