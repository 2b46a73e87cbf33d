"""The ways of analysing that the defaults are chosen among."""

from dataclasses import asdict, dataclass

from crossmap.linkage.stages import Model, Variance
from crossmap.significance.joint import Posterior


@dataclass(frozen=True)
class Method:
    """Options of `joint_linkage` that are on trial."""

    variance: Variance = "common"
    exclude_r2: float | None = None
    min_cell: int = 3
    model: Model = "full"
    posterior: Posterior = "pooled"

    @property
    def search(self):
        """Options of the search, without what is made of its statistics."""
        return {name: value for name, value in asdict(self).items() if name != "posterior"}

    @property
    def name(self):
        """Short, as tables have it."""
        r2 = "none" if self.exclude_r2 is None else f"{self.exclude_r2:g}"
        return f"{self.model} {self.variance} r2={r2} cell={self.min_cell} {self.posterior}"


MAIN_SEARCHES = (Method(), Method("cell", 0.3))
"""The paper's, and the default."""

SEARCHES = (
    *MAIN_SEARCHES,
    Method("common", 0.1),
    Method("cell", None),
    Method("cell", 0.1),
    Method("cell", 0.1, 3, "additive"),
    Method("common", 0.1, 3, "additive"),
)
"""Each is followed by either posterior."""

CELL_SEARCHES = (Method("cell", 0.1, 5), Method("cell", 0.1, 10))
"""Where some genotype combinations are rare; elsewhere they change nothing."""
