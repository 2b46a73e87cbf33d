"""Claims against the truth: how many are true, how many true ones were found, how near."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
import pandas as pd

from crossmap.arguments import require_number, require_one_of
from crossmap.errors import ArgumentError, DataError
from crossmap.genome import WITHIN_CM
from crossmap.io.claims import as_claims, claims_file, listed, read_claims
from crossmap.io.read import read_cross
from crossmap.io.truth import TRUTH_FILE, read_truth

Repeats = Literal["false", "merged"]
LEVELS = (0.01, 0.05, 0.10, 0.20)

Place = tuple[str, float]

# Stands for "not a match" where a cost must be finite; far beyond any genetic map.
_NO_MATCH_CM = 1e9
_WHOLE_CHROMOSOME_CM = 1e6


@dataclass(frozen=True)
class Score:
    """How a table of claims compares with the truth.

    Parameters
    ----------
    n_claims
        Claims, each a row: traits of a table of joint linkages, which has a row for each; loci of
        a table that names one locus a row.
    n_true
        Of these, those whose loci are all true.
    n_findable
        Traits with at least as many true loci as a claim can name.
    fdr
        Realised false discovery rate, 1 - n_true / n_claims; 0 without claims.
    fdr_se
        Its binomial standard error; NaN without claims.
    fdr_linked
        The same rate where a locus anywhere on the chromosome of a true one (that no other claimed
        locus has taken) is true: what a claim of linkage, not of place, says.
    power
        Share of the findable traits with a true claim of as many loci; NaN if there are none. It
        counts traits also where a claim is of one locus: one true claim is enough, however many
        loci a trait has.
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
    fdr_linked: float
    power: float
    locus_fdr: tuple[float, ...]
    median_error_cm: float
    within_cm: float

    def to_frame(self) -> pd.DataFrame:
        """Give the score as a table of one row, the FDR of locus l in column ``locus_fdr{l}``."""
        row = {name: value for name, value in vars(self).items() if name != "locus_fdr"}
        row |= {f"locus_fdr{locus}": value for locus, value in enumerate(self.locus_fdr, start=1)}
        return pd.DataFrame([row])


@dataclass(frozen=True, eq=False)
class Scores:
    """Claims at several nominal false discovery rates against the truth.

    Parameters
    ----------
    levels
        Nominal rates; NaN alone where the claims name no rate, and all of them are taken.
    scores
        A `Score` for each.
    reliability
        Of a table of joint probabilities, by tenths of them: decile (0 to 9), n (traits),
        joint_prob (mean), share_true, se (binomial standard error); None of other tables.
    distances
        Of the claims at the highest rate, a row for every locus they name: trait, locus (1, 2 ...
        of the claim), error_cm (from the true locus on its chromosome that no other claimed locus
        has taken; NaN where there is none).
    within_cm, repeats
        As asked for.
    """

    levels: tuple[float, ...]
    scores: tuple[Score, ...]
    reliability: pd.DataFrame | None
    distances: pd.DataFrame
    within_cm: float
    repeats: Repeats

    def to_frame(self) -> pd.DataFrame:
        """Give one row per nominal rate: nominal_fdr, then as `Score.to_frame`."""
        table = pd.concat([one.to_frame() for one in self.scores], ignore_index=True)
        table.insert(0, "nominal_fdr", self.levels)
        return table


def score(
    results: str | Path | pd.DataFrame,
    truth: str | Path | pd.DataFrame,
    *,
    levels: Sequence[float] = LEVELS,
    within_cm: float = WITHIN_CM,
    repeats: Repeats = "false",
    columns: Mapping[str, str] = MappingProxyType({}),
) -> Scores:
    """Score any tool's linkages on a simulated cross against its truth.

    Parameters
    ----------
    results
        A folder of crossmap's results (joint or scan1), or a table of one row per linkage: a file,
        as R/qtl2, Matrix eQTL, tensorQTL, QTLtools or crossmap write it, or a DataFrame. It names
        trait, chromosome and position in cM, or trait and marker, and may have an FDR or q-value.
    truth
        The folder that ``crossmap simulate`` made, its ``truth.tsv`` alone, or a truth table; the
        folder has the map where markers are named.
    levels
        Nominal false discovery rates to score at.
    within_cm
        A claimed locus is true if it lies so near a true one that no better claim has taken.
    repeats
        One locus of a trait named twice: ``false`` counts the second as a false claim; ``merged``
        takes claims within `within_cm` of a better one of the trait as that one (for tables that
        name every marker past a threshold).
    columns
        What a column means (trait, marker, chr, pos_cm, pos_bp, fdr, p_value, lod) -> its name.

    Returns
    -------
    Scores

    Raises
    ------
    ArgumentError
        For an option out of range.
    DataError
        If a file cannot be read, lacks a column, names a trait that the truth does not know or a
        chromosome that its map does not have (without a map: only chromosomes that the truth does
        not name), or has positions that look like base pairs where centimorgans should be.

    Examples
    --------
    >>> from crossmap import joint_linkage, simulate_cross
    >>> made = simulate_cross(n_traits=200, n_markers=300, seed=3)
    >>> found = score(joint_linkage(made.cross).to_frame(), made.truth)
    >>> found.to_frame()["nominal_fdr"].tolist(), found.reliability["n"].sum()
    ([0.01, 0.05, 0.1, 0.2], np.int64(200))
    """
    for level in levels:
        require_number("levels", level, least=0.0, most=1.0)
    require_one_of("repeats", repeats, get_args(Repeats))
    require_number("within_cm", within_cm, least=0.0)
    true, markers = _truth_and_map(truth)
    file = None if isinstance(results, pd.DataFrame) else claims_file(results)
    table = results if isinstance(results, pd.DataFrame) else read_claims(results, columns=columns)
    claims = as_claims(table, markers, file=file)
    if markers is None:
        _require_chromosomes(claims, true, file)
    claims = claims[claims.filter(regex="^pos").notna().all(axis=1)]
    reliability = _reliability(claims, true, within_cm) if "joint_prob" in claims else None
    if "joint_prob" in claims:
        claims = claims[claims["joint_prob"] > 0]
    if repeats == "merged":
        claims = _merged(claims, within_cm)
    nominal = (np.nan,) if claims["fdr"].isna().all() and len(claims) else tuple(levels)
    scores = tuple(
        score_joint(
            claims if np.isnan(level) else claims[claims["fdr"] <= level], true, within_cm=within_cm
        )
        for level in nominal
    )
    loosest = max(nominal)
    every = claims if np.isnan(loosest) else claims[claims["fdr"] <= loosest]
    return Scores(nominal, scores, reliability, _distances(every, true), float(within_cm), repeats)


def _truth_and_map(
    truth: str | Path | pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    if isinstance(truth, pd.DataFrame):
        return truth, None
    if Path(truth).is_dir():
        return read_truth(Path(truth) / TRUTH_FILE), read_cross(truth).markers
    return read_truth(truth), None


def _require_chromosomes(claims: pd.DataFrame, truth: pd.DataFrame, file: Path | None) -> None:
    """Refuse claims none of which is on a chromosome of the truth: they are named differently.

    A single chromosome that the truth does not name may be one without true loci.
    """
    known = list(dict.fromkeys(truth.loc[truth["locus"] > 0, "chr"].astype(str)))
    named = claims.filter(regex=r"^chr\d+$").to_numpy(dtype=object).ravel()
    claimed = [name for name in dict.fromkeys(named) if not pd.isna(name)]
    if known and claimed and not set(known) & set(claimed):
        raise DataError.at(
            file or "claims",
            expected=f"chromosomes of the truth ({listed(known)})",
            found=f"only others ({listed(claimed)})",
        )


def _merged(claims: pd.DataFrame, within_cm: float) -> pd.DataFrame:
    """Claims of one locus, without those near a better one of their trait."""
    if "chr2" in claims:
        msg = "repeats: expected false for claims of several loci, found merged"
        raise ArgumentError(msg)
    kept: dict[tuple[str, str], list[float]] = {}
    keep = np.zeros(len(claims), dtype=bool)
    rows = zip(claims["trait"], claims["chr1"], claims["pos1_cm"], strict=True)
    for row, (trait, chromosome, pos_cm) in enumerate(rows):
        places = kept.setdefault((trait, chromosome), [])
        keep[row] = all(abs(pos_cm - place) > within_cm for place in places)
        if keep[row]:
            places.append(pos_cm)
    return claims[keep]


def _distances(claims: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Every claimed locus with its distance from a true one on its chromosome."""
    claimed, errors = claim_errors(claims, truth, within_cm=_WHOLE_CHROMOSOME_CM)
    row, number = np.nonzero(claimed)
    return pd.DataFrame(
        {
            "trait": claims["trait"].astype(str).to_numpy(dtype=object)[row],
            "locus": number + 1,
            "error_cm": errors[row, number],
        }
    )


def _reliability(claims: pd.DataFrame, truth: pd.DataFrame, within_cm: float) -> pd.DataFrame:
    """By tenths of the joint probability."""
    claimed, errors = claim_errors(claims, truth, within_cm=within_cm)
    probability = claims["joint_prob"].to_numpy()
    table = pd.DataFrame(
        {
            "decile": np.minimum((probability * 10).astype(int), 9),
            "joint_prob": probability,
            "share_true": (~np.isnan(errors) == claimed).all(axis=1).astype(float),
        }
    )
    groups = table.groupby("decile")
    out = groups.mean()
    out.insert(0, "n", groups.size())
    out["se"] = np.sqrt(out["share_true"] * (1 - out["share_true"]) / out["n"])
    return out.reset_index()


def score_joint(
    claims: pd.DataFrame, truth: pd.DataFrame, *, within_cm: float = WITHIN_CM
) -> Score:
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
    claimed, errors = claim_errors(claims, truth, within_cm=within_cm)
    n_named = claimed.shape[1]
    findable = truth[truth["locus"] > 0]["trait"].astype(str).value_counts() >= n_named
    true = ~np.isnan(errors)
    is_true = (true == claimed).all(axis=1)
    n_claims, n_true, n_findable = len(claims), int(is_true.sum()), int(findable.sum())
    fdr = 1 - n_true / n_claims if n_claims else 0.0
    _, anywhere = claim_errors(claims, truth, within_cm=_WHOLE_CHROMOSOME_CM)
    is_linked = (~np.isnan(anywhere) == claimed).all(axis=1)
    found = claims["trait"].astype(str)[is_true & claimed.all(axis=1)]
    with np.errstate(invalid="ignore"):
        locus_fdr = 1 - true.sum(axis=0) / claimed.sum(axis=0)
    return Score(
        n_claims=n_claims,
        n_true=n_true,
        n_findable=n_findable,
        fdr=fdr,
        fdr_se=float(np.sqrt(fdr * (1 - fdr) / n_claims)) if n_claims else np.nan,
        fdr_linked=1 - int(is_linked.sum()) / n_claims if n_claims else 0.0,
        power=len(set(found)) / n_findable if n_findable else np.nan,
        locus_fdr=tuple(map(float, locus_fdr)),
        median_error_cm=float(np.median(errors[true])) if true.any() else np.nan,
        within_cm=float(within_cm),
    )


def claim_errors(
    claims: pd.DataFrame, truth: pd.DataFrame, *, within_cm: float = WITHIN_CM
) -> tuple[np.ndarray, np.ndarray]:
    """Match claims with true loci, one after another, each using up those it takes.

    Parameters
    ----------
    claims, truth, within_cm
        As in `score_joint`.

    Returns
    -------
    claimed : numpy.ndarray
        bool [n_claims, n_loci]: the loci that are claimed.
    errors : numpy.ndarray
        float64 [n_claims, n_loci]: distance in cM of each true one from its match; NaN for others.

    Raises
    ------
    ArgumentError
        If `within_cm` is negative, or the claims have no loci in the columns they should.
    DataError
        If a claimed trait is not in the truth, a claim names no locus, or a locus has a
        chromosome without a position or the reverse.
    """
    if not within_cm >= 0:
        msg = f"within_cm: expected 0 or more, found {within_cm}"
        raise ArgumentError(msg)
    columns = _claimed_loci(claims)
    traits = claims["trait"].astype(str).to_numpy(dtype=object)
    return _match_claims(traits, columns, _true_loci(truth), within_cm)


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
