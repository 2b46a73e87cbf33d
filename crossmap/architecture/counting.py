"""The four units of counting: traits, loci, linkages, and share of variance; never mixed."""

import numpy as np
import pandas as pd

from crossmap.architecture.linkage_table import table_unit
from crossmap.architecture.local import classify_linkages
from crossmap.cross import Cross


def count_units(table: pd.DataFrame) -> pd.DataFrame:
    """Count linkages in four units, all and by class.

    Parameters
    ----------
    table
        As `LinkageClasses.table`: columns trait, chr, start_bp, end_bp (or start_cm, end_cm) and
        by_window; a column r2 gives the share of variance.

    Returns
    -------
    pandas.DataFrame
        class (all, local, distant, unplaced; by the window), n_traits (distinct), n_loci
        (distinct), n_linkages (trait x locus), variance (sum over linkages of the share of the
        trait's variance, in traits: 2.5 is all the variance of two traits and a half),
        variance_mean (per linkage). A trait with a local and a distant linkage counts in both
        classes; linkages and variance add up.

    References
    ----------
    Rockman & Kruglyak (2006) Nat Rev Genet 7:862: shares of local linkage differ by what is
    counted.

    Examples
    --------
    >>> from crossmap import classify_linkages, simulate_cross
    >>> cross = simulate_cross(n_samples=20, n_traits=2, n_markers=40).cross
    >>> linkages = pd.DataFrame(
    ...     {"trait": "g0001", "chr": ["1", "2"], "pos_bp": [1e4, 5e4], "r2": [0.2, 0.3]}
    ... )
    >>> units = count_units(classify_linkages(cross, linkages).table).set_index("class")
    >>> units.loc["all", ["n_traits", "n_linkages", "variance"]].astype(float).tolist()
    [1.0, 2.0, 0.5]
    """
    unit = table_unit(table)
    places = ["chr", f"start_{unit}", f"end_{unit}"]
    rows = []
    for name in ("all", "local", "distant", "unplaced"):
        part = table if name == "all" else table[table["by_window"] == name]
        share = part["r2"].to_numpy(np.float64) if "r2" in part else np.full(len(part), np.nan)
        total = float(np.sort(share).sum()) if len(part) else 0.0
        mean = total / len(part) if len(part) else np.nan
        rows.append(
            (name, part["trait"].nunique(), len(part[places].drop_duplicates()), len(part), total,
             mean)
        )  # fmt: skip
    names = ["class", "n_traits", "n_loci", "n_linkages", "variance", "variance_mean"]
    return pd.DataFrame(rows, columns=names).astype({"class": object})


def units_of_peaks(peaks: pd.DataFrame) -> pd.DataFrame:
    """Count the best linkage of every trait on every chromosome in four units.

    Parameters
    ----------
    peaks
        As `Scan1.peaks`, on a map in base pairs.

    Returns
    -------
    pandas.DataFrame
        As `count_units`.
    """
    local = peaks["local"]
    by_window = np.where(local.fillna(False).astype(bool), "local", "distant").astype(object)
    by_window[local.isna().to_numpy()] = "unplaced"
    return count_units(
        peaks.assign(start_bp=peaks["pos_bp"], end_bp=peaks["pos_bp"], by_window=by_window)
    )


def units_summary(units: pd.DataFrame) -> dict[str, object]:
    """Write the table as it stands in summary.json: class -> its numbers.

    Parameters
    ----------
    units
        As `count_units`.

    Returns
    -------
    dict
    """
    rows = units.set_index("class").to_dict("index")
    return {str(name): row for name, row in rows.items()}


def units_of_linkages(cross: Cross, linkages: pd.DataFrame) -> dict[str, object] | None:
    """Count any table of linkages in four units, for summary.json.

    Parameters
    ----------
    cross
        It knows the places of the traits' genes.
    linkages
        A row per trait and locus: trait, chr, start_bp, end_bp, and r2 where it is known.

    Returns
    -------
    dict or None
        As `units_summary`, local by the default window; None on a map without base pairs.
    """
    if "start_bp" not in linkages or cross.markers["pos_bp"].isna().any():
        return None
    return units_summary(count_units(classify_linkages(cross, linkages).table))


def linkages_of_pairs(pairs: pd.DataFrame, *, prefix: str = "") -> pd.DataFrame:
    """Write the loci of pairs one below the other.

    Parameters
    ----------
    pairs
        A row per trait: trait, and chr{l}, start{l}_bp, end{l}_bp (and _cm, as far as the map has
        them) for l = 1, 2, after a prefix; missing where there is no locus.
    prefix
        Of these columns.

    Returns
    -------
    pandas.DataFrame
        trait, chr, start_bp, end_bp (and _cm).
    """
    parts = [
        pd.DataFrame(
            {
                "trait": pairs["trait"].to_numpy(dtype=object),
                "chr": pairs[f"{prefix}chr{number}"].to_numpy(dtype=object),
                **{
                    f"{end}_{unit}": pairs[f"{prefix}{end}{number}_{unit}"].to_numpy(np.float64)
                    for unit in ("bp", "cm")
                    for end in ("start", "end")
                    if f"{prefix}start1_{unit}" in pairs
                },
            }
        )
        for number in (1, 2)
    ]
    table = pd.concat(parts, ignore_index=True)
    return table[table["chr"].notna()].reset_index(drop=True)
