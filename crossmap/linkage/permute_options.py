"""Options of permutations of the single-locus scan."""

from dataclasses import dataclass

import numpy as np

from crossmap.arguments import require_covariate, require_number, require_whole
from crossmap.cross import Cross
from crossmap.errors import ArgumentError, DataError
from crossmap.linkage.scan1 import Scan1Options


@dataclass(frozen=True)
class PermuteOptions:
    """How a scan is permuted; the arguments of `permute_scan1` explain each.

    Parameters
    ----------
    scan
        What is tested.
    n_perm, alpha, strata, stop_after, shared, beta, seed, local_window_bp
        As in `permute_scan1`.
    """

    scan: Scan1Options
    n_perm: int = 1000
    alpha: tuple[float, ...] = (0.05,)
    strata: str | None = None
    stop_after: int | None = None
    shared: bool = False
    beta: bool = True
    seed: int = 1
    local_window_bp: float | None = None

    def __post_init__(self) -> None:
        require_whole("n_perm", self.n_perm, least=1)
        require_whole("seed", self.seed, least=0)
        if self.stop_after is not None:
            require_whole("stop_after", self.stop_after, least=1)
        if self.local_window_bp is not None:
            require_number("local_window_bp", self.local_window_bp, least=0.0)
            if self.is_interaction:
                msg = (
                    "local_window_bp: expected none with model linear_cross, found "
                    f"{self.local_window_bp:g}"
                )
                raise ArgumentError(msg)
        if not self.alpha:
            msg = "alpha: expected at least one number, found none"
            raise ArgumentError(msg)
        if self.stop_after is not None and self.is_interaction:
            msg = (
                "stop_after: expected none with model linear_cross, which permutes all traits "
                f"together, found {self.stop_after}"
            )
            raise ArgumentError(msg)

    @property
    def is_interaction(self) -> bool:
        """Whether traits and covariates are permuted together."""
        return self.scan.model == "linear_cross"

    def require_exchangeable(self, *, has_error_covariance: bool) -> None:
        """Refuse permutations that no theory allows.

        Parameters
        ----------
        has_error_covariance
            Whether errors are correlated or differ in variance.

        Raises
        ------
        ArgumentError
            For strata or interactions of whitened residuals: these belong to no sample.
        """
        if not has_error_covariance:
            return
        if self.strata is not None:
            msg = (
                "strata: expected none with error_covariance or weights, where the numbers that "
                f"are permuted belong to no sample, found {self.strata}"
            )
            raise ArgumentError(msg)
        if self.is_interaction:
            msg = (
                "model: expected linear or anova with error_covariance or weights, whose samples "
                "cannot move together with the covariates, found linear_cross"
            )
            raise ArgumentError(msg)


def strata_of(cross: Cross, name: str | None, used: np.ndarray) -> tuple[np.ndarray | None, int]:
    """Number the strata of a cross's samples.

    Parameters
    ----------
    cross
        Its covariates hold the strata.
    name
        Column; None for no strata.
    used
        bool [n_samples]: samples that are permuted.

    Returns
    -------
    strata : numpy.ndarray or None
        int64 [n_samples]: -1 where a sample is not used.
    n_alone : int
        Strata of one sample, whose values never move.

    Raises
    ------
    ArgumentError
        If there is no such column.
    DataError
        If a sample has no stratum, or every sample has one of its own.
    """
    if name is None:
        return None, 0
    require_covariate("strata", name, cross.covariates.columns)
    column = cross.covariates[name]
    missing = np.flatnonzero(column.isna().to_numpy() & used)
    if len(missing):
        msg = f"strata {name}: expected a value for every sample, found none for "
        raise DataError(msg + str(cross.samples[missing[0]]))
    labels = np.unique(column.astype(str).to_numpy(dtype=object)[used].astype(str))
    strata = np.where(used, np.searchsorted(labels, column.astype(str).to_numpy(dtype=str)), -1)
    sizes = np.bincount(strata[used], minlength=1)
    if sizes.max(initial=0) <= 1:
        msg = (
            f"strata {name}: expected strata of 2 or more samples, found {len(sizes)} of 1 each: "
            "nothing could move"
        )
        raise DataError(msg)
    return strata.astype(np.int64), int((sizes == 1).sum())
