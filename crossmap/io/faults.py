"""What is wrong with a file: raised at once, or, for a lenient reader, counted and told of."""

import warnings

from crossmap.errors import CrossmapWarning, DataError


class Faults:
    """What becomes of faults that a reader could step over.

    Parameters
    ----------
    lenient
        Step over them; else the first is raised.

    Examples
    --------
    >>> faults = Faults(lenient=True)
    >>> faults.take(DataError("geno.csv, line 2: found 'x'"), remedy="cells read as missing")
    >>> faults.notes()
    ("cells read as missing: 1 (the first: geno.csv, line 2: found 'x')",)
    """

    def __init__(self, *, lenient: bool = False) -> None:
        self.lenient = lenient
        self._counts: dict[str, int] = {}
        self._firsts: dict[str, DataError] = {}

    def take(self, error: DataError, *, remedy: str) -> None:
        """Raise a fault, or count it.

        Parameters
        ----------
        error
            What is wrong, and where.
        remedy
            What is done about it, in the plural: ``cells read as missing``.

        Raises
        ------
        DataError
            If the reader is not lenient.
        """
        if not self.lenient:
            raise error from None
        self._counts[remedy] = self._counts.get(remedy, 0) + 1
        self._firsts.setdefault(remedy, error)

    def notes(self) -> tuple[str, ...]:
        """Say what was stepped over: one sentence for each remedy.

        Returns
        -------
        tuple of str
        """
        return tuple(
            f"{remedy}: {n:,} (the first: {self._firsts[remedy]})"
            for remedy, n in self._counts.items()
        )

    def warn(self) -> None:
        """Warn of what was stepped over.

        Warns
        -----
        CrossmapWarning
            For each remedy.
        """
        for note in self.notes():
            warnings.warn(note, CrossmapWarning, stacklevel=3)


STRICT = Faults()
"""Steps over nothing."""
