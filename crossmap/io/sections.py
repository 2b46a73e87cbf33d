"""The tables that one key of an R/qtl2 control file names: one or several, transposed or not."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.errors import DataError
from crossmap.io.align import UNPLACED
from crossmap.io.cells import number_column
from crossmap.io.codes import GenotypeCodes
from crossmap.io.control import Control
from crossmap.io.faults import Faults
from crossmap.io.sources import Source
from crossmap.io.text import TextTable


@dataclass(frozen=True)
class Section:
    """The tables of one key, seen the way R/qtl2 documents them, whatever way they lie.

    Frames that come out have individuals (markers in maps, phenotypes in phenocovar) as rows.

    Parameters
    ----------
    tables
        One or more; the columns of several are bound by row name, the rows of maps one after
        the other.
    transposed
        Whether the files have rows and columns exchanged.
    """

    tables: tuple[TextTable, ...]
    transposed: bool

    @classmethod
    def open(cls, control: Control, source: Source, key: str) -> "Section":
        """Open the files of one key and read their headers.

        Parameters
        ----------
        control
            Names the files, how cells are separated, what is missing.
        source
            Where the files are.
        key
            Which key.

        Returns
        -------
        Section

        Raises
        ------
        DataError
            If a file cannot be read or has no proper header.
        """
        delimiter = _one_character(control, "sep", ",")
        comment = _one_character(control, "comment.char", "#")
        missing = control.texts("na.strings", ["NA"])
        tables = tuple(
            TextTable.parse(
                source.read(name),
                name=source.label(name),
                delimiter=delimiter,
                comment=comment,
                missing=missing,
            )
            for name in control.file_names(key)
        )
        return cls(tables, control.flag(f"{key}_transposed"))

    @property
    def name(self) -> str:
        """The first file, to name where names do not agree."""
        return self.tables[0].name

    def genotypes(self, codes: GenotypeCodes, *, faults: Faults) -> pd.DataFrame:
        """Read cells as genotypes; see `crossmap.io.text.TextTable.genotypes`.

        Parameters
        ----------
        codes
            Text of a cell -> class.
        faults
            What becomes of other cells.

        Returns
        -------
        pandas.DataFrame
            int8, -1 missing.
        """
        joined = self._bound([table.genotypes(codes, faults=faults) for table in self.tables])
        return joined if len(self.tables) == 1 else joined.fillna(-1).astype(np.int8)

    def numbers(self) -> pd.DataFrame:
        """Read cells as numbers; see `crossmap.io.text.TextTable.numbers`.

        Returns
        -------
        pandas.DataFrame
            float64, NaN missing.
        """
        return self._bound([table.numbers() for table in self.tables])

    def strings(self) -> pd.DataFrame:
        """Read cells as text; see `crossmap.io.text.TextTable.strings`.

        Returns
        -------
        pandas.DataFrame
            object, None missing.
        """
        joined = self._bound([table.strings() for table in self.tables])
        if len(self.tables) == 1:
            return joined
        return joined.astype(object).where(joined.notna(), None)

    def positions(self, *, faults: Faults) -> pd.DataFrame:
        """Read a map: chromosome and position are the first two columns, whatever their names.

        Parameters
        ----------
        faults
            What becomes of positions that are no finite numbers.

        Returns
        -------
        pandas.DataFrame
            Index = markers; columns chr (object, None missing) and pos (float64, NaN missing).

        Raises
        ------
        DataError
            For fewer columns, a position that is no finite number (unless faults are stepped
            over), a marker in two files.
        """
        frames = []
        for table in self.tables:
            frame = self._upright(table.strings())
            if frame.shape[1] < 2:
                raise DataError.at(
                    table.name, expected="columns marker, chr and pos", found="fewer columns"
                )
            chromosome, position = frame.columns[:2]
            frames.append(
                pd.DataFrame(
                    {
                        "chr": frame[chromosome].astype(object),
                        "pos": number_column(
                            frame, position, error=self.error, faults=faults, remedy=UNPLACED
                        ),
                    },
                    index=frame.index,
                )
            )
        self._check_apart([frame.index for frame in frames])
        return pd.concat(frames)

    def error(
        self, row: str, column: str, *, expected: str, found: object, hint: str = ""
    ) -> DataError:
        """Make the error of one cell.

        Parameters
        ----------
        row, column
            Names in the frames that come out of this section.
        expected, found, hint
            As in `crossmap.io.text.TextTable.error`.

        Returns
        -------
        DataError
            Naming file, line and column.
        """
        if self.transposed:
            row, column = column, row
        holding = [t for t in self.tables if column in t.columns and t.has_row(row)]
        table = (holding or self.tables)[0]
        return table.error(row, column, expected=expected, found=found, hint=hint)

    def _upright(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame.T if self.transposed else frame

    def _bound(self, frames: list[pd.DataFrame]) -> pd.DataFrame:
        upright = [self._upright(frame) for frame in frames]
        if len(upright) == 1:
            return upright[0]
        self._check_apart([frame.columns for frame in upright])
        return pd.concat(upright, axis=1)

    def _check_apart(self, names_of: list[pd.Index]) -> None:
        first_in: dict[str, str] = {}
        for table, names in zip(self.tables, names_of, strict=True):
            for name in names:
                if name in first_in:
                    found = f"{name!r} also in {first_in[name]}"
                    raise DataError.at(table.name, expected="each name in one file", found=found)
            first_in |= dict.fromkeys(names, table.name)


def _one_character(control: Control, key: str, default: str) -> str:
    value = control.text(key, default).replace("\\t", "\t")
    if len(value) != 1 or value in '"\n\r' or not value.isascii():
        raise control.error(key=key, expected="one character", found=repr(value))
    return value
