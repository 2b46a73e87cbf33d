"""Claims against the truth: how many are true, how many true ones were found, how near."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.errors import ArgumentError, DataError

Place = tuple[str, float]

# Stands for "not a match" where a cost must be finite; far beyond any genetic map.
_NO_MATCH_CM = 1e9


@dataclass(frozen=True)
class Score:
    """How a table of claims compares with the truth.

    Parameters
    ----------
    n_claims
        Claimed traits.
    n_true
        Of these, those whose loci are all true.
    n_findable
        Traits with at least as many true loci as a claim can name.
    fdr
        Realised false discovery rate, 1 - n_true / n_claims; 0 without claims.
    fdr_se
        Its binomial standard error; NaN without claims.
    power
        Share of the findable traits with a true claim of as many loci; NaN if there are none.
    locus_fdr
        For each locus of a claim, the share of those claimed that are false; NaN without claims.
    median_error_cm
        Median distance of true claimed loci from the true locus each was matched with; NaN
        without any.
    within_cm
        How near a true locus had to be.
    """

    n_claims: int
    n_true: int
    n_findable: int
    fdr: float
    fdr_se: float
    power: float
    locus_fdr: tuple[float, ...]
    median_error_cm: float
    within_cm: float

    def to_frame(self) -> pd.DataFrame:
        """Give the score as a table of one row, the FDR of locus l in column ``locus_fdr{l}``."""
        row = {name: value for name, value in vars(self).items() if name != "locus_fdr"}
        row |= {f"locus_fdr{locus}": value for locus, value in enumerate(self.locus_fdr, start=1)}
        return pd.DataFrame([row])


def score_joint(claims: pd.DataFrame, truth: pd.DataFrame, *, within_cm: float = 20.0) -> Score:
    """Score claims of linkage against the truth of a simulated cross.

    A claimed locus is true if it lies within `within_cm` of a true locus of the trait that no
    earlier claim has taken; the loci of one claim take distinct true loci, as many as can be, and
    of these the nearest. So one locus named twice is a false claim. A claim is true if all its
    loci are.

    Parameters
    ----------
    claims
        One row per claim, the best first where a trait has several: ``trait``, and for locus
        l = 1, 2, ... ``chr{l}`` and ``pos{l}_cm``, or ``start{l}_cm`` and ``end{l}_cm``, whose
        middle is taken, as in a table of joint linkages. A locus missing in a row is not claimed.
    truth
        Columns trait, locus, chr, pos_cm, a row per true locus; traits without any have a row
        with locus 0. Every trait that was looked at is there.
    within_cm
        How near, in centimorgans, is near enough.

    Returns
    -------
    Score

    Raises
    ------
    ArgumentError
        If `within_cm` is negative, or the claims have no loci in the columns they should.
    DataError
        If a claimed trait is not in the truth, a claim names no locus, or a locus has a
        chromosome without a position or the reverse.

    Examples
    --------
    The second claim names one locus twice:

    >>> truth = pd.DataFrame({"trait": ["g1", "g1", "g2", "g2"], "locus": [1, 2, 1, 2],
    ...                       "chr": ["1", "4", "2", "3"], "pos_cm": [50.0, 10.0, 30.0, 90.0]})
    >>> claims = pd.DataFrame({"trait": ["g1", "g2"], "chr1": ["4", "2"], "pos1_cm": [15.0, 31.0],
    ...                        "chr2": ["1", "2"], "pos2_cm": [50.0, 26.0]})
    >>> score = score_joint(claims, truth)
    >>> score.n_claims, score.n_true, score.fdr, score.power, score.locus_fdr
    (2, 1, 0.5, 0.5, (0.0, 0.5))
    """
    if not within_cm >= 0:
        msg = f"within_cm: expected 0 or more, found {within_cm}"
        raise ArgumentError(msg)
    columns = _claimed_loci(claims)
    traits = claims["trait"].astype(str).to_numpy(dtype=object)
    free = _true_loci(truth)
    n_findable = sum(len(loci) >= len(columns) for loci in free.values())
    claimed, errors = _match_claims(traits, columns, free, within_cm)
    true = ~np.isnan(errors)
    is_true = (true == claimed).all(axis=1)
    n_claims, n_true = len(claims), int(is_true.sum())
    fdr = 1 - n_true / n_claims if n_claims else 0.0
    found = traits[is_true & claimed.all(axis=1)]
    with np.errstate(invalid="ignore"):
        locus_fdr = 1 - true.sum(axis=0) / claimed.sum(axis=0)
    return Score(
        n_claims=n_claims,
        n_true=n_true,
        n_findable=n_findable,
        fdr=fdr,
        fdr_se=float(np.sqrt(fdr * (1 - fdr) / n_claims)) if n_claims else np.nan,
        power=len(set(found)) / n_findable if n_findable else np.nan,
        locus_fdr=tuple(map(float, locus_fdr)),
        median_error_cm=float(np.median(errors[true])) if true.any() else np.nan,
        within_cm=float(within_cm),
    )


def _claimed_loci(claims: pd.DataFrame) -> list[tuple[np.ndarray, np.ndarray]]:
    """Chromosome and position in cM of each locus l that the columns name, for all claims."""
    loci: list[tuple[np.ndarray, np.ndarray]] = []
    while f"chr{len(loci) + 1}" in claims:
        n = len(loci) + 1
        columns = [f"pos{n}_cm"] if f"pos{n}_cm" in claims else [f"start{n}_cm", f"end{n}_cm"]
        if not set(columns) <= set(claims.columns):
            break
        pos_cm = claims[columns].to_numpy(dtype=np.float64).mean(axis=1)
        loci.append((claims[f"chr{n}"].to_numpy(dtype=object), pos_cm))
    if not loci or "trait" not in claims:
        found = ", ".join(map(str, claims.columns)) or "none"
        msg = f"claims: expected columns trait, chr1, pos1_cm, found {found}"
        raise ArgumentError(msg)
    return loci


def _match_claims(
    traits: np.ndarray,
    columns: Sequence[tuple[np.ndarray, np.ndarray]],
    free: dict[str, list[Place]],
    within_cm: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Match claim after claim with the true loci still `free`, which are used up.

    Returns bool and float64 [n_claims, n_loci]: which loci are claimed, and the distance in cM of
    the true ones from their match, NaN for others.
    """
    claimed = np.zeros((len(traits), len(columns)), dtype=bool)
    errors = np.full(claimed.shape, np.nan)
    for row, trait in enumerate(traits):
        if trait not in free:
            msg = f"claims: expected traits that the truth knows, found {trait!r}"
            raise DataError(msg)
        places = _places(trait, [(chr_[row], pos_cm[row]) for chr_, pos_cm in columns])
        named = [n for n, place in enumerate(places) if place is not None]
        claimed[row, named] = True
        matched = _match([p for p in places if p is not None], free[trait], within_cm)
        for i, (_, distance) in matched.items():
            errors[row, named[i]] = distance
        taken = {j for j, _ in matched.values()}
        free[trait] = [place for j, place in enumerate(free[trait]) if j not in taken]
    return claimed, errors


def _places(trait: str, row: list[tuple[str | float | None, float]]) -> list[Place | None]:
    """The loci of one claim, None where it names none."""
    for chromosome, pos_cm in row:
        if pd.isna(chromosome) != np.isnan(pos_cm):
            msg = f"claims, trait {trait}: expected chromosome and position, found only one"
            raise DataError(msg)
    places = [None if np.isnan(pos_cm) else (str(c), float(pos_cm)) for c, pos_cm in row]
    if not any(places):
        msg = f"claims, trait {trait}: expected at least one locus, found none"
        raise DataError(msg)
    return places


def _true_loci(truth: pd.DataFrame) -> dict[str, list[Place]]:
    loci: dict[str, list[Place]] = {trait: [] for trait in truth["trait"].astype(str)}
    rows = truth[truth["locus"] > 0]
    for trait, chromosome, position in zip(
        rows["trait"].astype(str), rows["chr"].astype(str), rows["pos_cm"], strict=True
    ):
        loci[trait].append((chromosome, float(position)))
    return loci


def _match(
    claimed: Sequence[Place], true: Sequence[Place], within_cm: float
) -> dict[int, tuple[int, float]]:
    """Match claimed with distinct true loci: claimed -> (true, distance in cM)."""
    from scipy.optimize import linear_sum_assignment

    distance = np.array(
        [[abs(a - b) if chr_a == chr_b else np.inf for chr_b, b in true] for chr_a, a in claimed]
    ).reshape(len(claimed), len(true))
    near = distance <= within_cm
    # The cost of a miss outweighs any distance, so that most matches come before nearest ones.
    rows, columns = linear_sum_assignment(np.where(near, distance, _NO_MATCH_CM))
    return {
        int(i): (int(j), float(distance[i, j]))
        for i, j in zip(rows, columns, strict=True)
        if near[i, j]
    }
