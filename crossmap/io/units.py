"""Positions given in another unit than the file should hold: a thousand-fold or worse."""

import warnings

import numpy as np
import pandas as pd

from crossmap.errors import CrossmapWarning

# The longest chromosomes known hold 3e9 to 9e9 bp, the shortest nuclear ones some 1e5.
_LONGEST_BP = 2e10
_SHORTEST_BP = 2e4
# Genetic maps reach a few hundred cM per chromosome, in wide crosses and bees a thousand.
_LONGEST_CM = 5e3
# From 0.1 (large plant genomes) to 400 (yeast) centimorgans per megabase.
_CM_PER_MBP = (0.002, 20_000.0)
_MIN_MARKERS = 8
_FOLD = 300.0
"""What a thousand-fold mistake leaves, genes and markers not reaching equally far."""


def warn_of_units(
    markers: pd.DataFrame, trait_positions: pd.DataFrame | None, *, map_file: str
) -> None:
    """Warn of positions that can hardly be in the unit that the file should hold.

    Parameters
    ----------
    markers
        Columns chr, pos_bp, pos_cm; NaN where unknown.
    trait_positions
        Columns chr, start_bp, end_bp, or None.
    map_file
        The file to name.

    Warns
    -----
    CrossmapWarning
        At most once.
    """
    if len(markers) < _MIN_MARKERS:
        return  # too few to tell a short map from a mistaken unit
    reach_bp, reach_cm = (_reach(markers, column) for column in ("pos_bp", "pos_cm"))
    reach_genes = 0.0
    if trait_positions is not None:
        known = trait_positions[trait_positions["chr"].isin(set(markers["chr"]))]
        reach_genes = _reach(known, "start_bp")
    complaint = ""
    if reach_bp > _LONGEST_BP:
        complaint = (
            f"positions reach {reach_bp:.3g} bp: were base pairs given where megabases are due "
            "(pmap of R/qtl2)?"
        )
    elif 0 < reach_bp < _SHORTEST_BP:
        complaint = f"positions end at {reach_bp:g} bp: were they given in kilobases or megabases?"
    elif reach_cm > _LONGEST_CM:
        complaint = f"positions reach {reach_cm:g} cM: were base pairs given for centimorgans?"
    elif reach_bp and reach_cm and not _CM_PER_MBP[0] < reach_cm / reach_bp * 1e6 < _CM_PER_MBP[1]:
        complaint = (
            f"{reach_cm:g} cM stand beside {reach_bp:g} bp, {reach_cm / reach_bp * 1e6:.3g} cM "
            "per megabase: are both in their units?"
        )
    elif reach_bp and reach_genes and not 1 / _FOLD < reach_genes / reach_bp < _FOLD:
        complaint = (
            f"markers reach {reach_bp:g} bp but traits {reach_genes:g} bp: are both in base pairs?"
        )
    if complaint:
        warnings.warn(f"{map_file}: {complaint}", CrossmapWarning, stacklevel=3)


def _reach(table: pd.DataFrame, column: str) -> float:
    """The largest position, 0 where none is known."""
    values = table[column].to_numpy(dtype=np.float64)
    return float(np.max(values, initial=0.0, where=np.isfinite(values)))
