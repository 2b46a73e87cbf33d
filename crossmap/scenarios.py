"""Named simulations on which error rates are measured: what crosses and traits can be like.

Each departs in one respect from ``plain``, which is the cross that crossmap ships. True loci lie
uniformly over the map, so between markers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from crossmap.arguments import require_one_of
from crossmap.simulate import SimulatedCross, simulate_cross
from crossmap.trait_model import TraitModel

# Two of the yeast cross of 2005 have, on average, a squared residual correlation 0.026 above what
# chance gives; five common factors with this share of the noise give that.
_CORRELATED_AS_YEAST = 0.36


@dataclass(frozen=True)
class Scenario:
    """A named simulation.

    Parameters
    ----------
    name
        Its name.
    description
        How it departs from ``plain``.
    cross
        Arguments of `simulate_cross` that are not its defaults.
    traits
        What lies behind the traits.
    search
        Arguments of `joint_linkage` that the cross asks for.
    """

    name: str
    description: str
    cross: Mapping[str, Any] = field(default_factory=dict)
    traits: TraitModel = field(default_factory=TraitModel)
    search: Mapping[str, Any] = field(default_factory=dict)

    def simulate(self, *, seed: int = 1, **changes: Any) -> SimulatedCross:
        """Simulate one cross.

        Parameters
        ----------
        seed
            A whole number of 0 or more; the same seed gives the same cross.
        changes
            Other arguments of `simulate_cross`, in place of the scenario's.

        Returns
        -------
        SimulatedCross
        """
        return simulate_cross(**{**self.arguments(), "seed": seed, **changes})

    def arguments(self) -> dict[str, Any]:
        """Arguments of `simulate_cross`, the trait model among them."""
        return {"n_parent_replicates": 0, **self.cross, "trait_model": self.traits}


def _table(*scenarios: Scenario) -> Mapping[str, Scenario]:
    return MappingProxyType({scenario.name: scenario for scenario in scenarios})


_PLAIN = TraitModel()
# Traits of one kind only, no locus of which lies at a place that others share.
_APART = replace(_PLAIN, local_share=0.0, hotspot_share=0.0, shared_pair_share=0.0)

SCENARIOS: Mapping[str, Scenario] = _table(
    Scenario("plain", "112 samples, 1,200 markers, 800 traits of 0 to 3 loci"),
    Scenario("samples-50", "50 samples", {"n_samples": 50}),
    Scenario("samples-300", "300 samples", {"n_samples": 300}),
    Scenario(
        "samples-1000",
        "1,000 samples, loci of 2-15% of the variance",
        {"n_samples": 1000, "n_traits": 400},
        replace(_PLAIN, variance_share=(0.02, 0.15)),
    ),
    Scenario("markers-1cm", "markers 1 cM apart", {"n_markers": 4828, "even_markers": True}),
    Scenario("markers-5cm", "markers 5 cM apart", {"n_markers": 966, "even_markers": True}),
    Scenario("markers-15cm", "markers 15 cM apart", {"n_markers": 322, "even_markers": True}),
    Scenario(
        "random-sparse-map",
        "322 markers at random places: most places lie in gaps over 20 cM",
        {"n_markers": 322},
    ),
    Scenario("genotype-errors", "0.5% of calls wrong", {"error_prob": 0.005}),
    Scenario(
        "strong-loci-sparse",
        "loci of 30-60% of the variance, markers 15 cM apart, 0.5% of calls wrong",
        {"n_markers": 322, "even_markers": True, "error_prob": 0.005},
        replace(_PLAIN, n_loci_shares=(0.2, 0.5, 0.3), variance_share=(0.3, 0.6)),
    ),
    Scenario(
        "strong-locus-sparse",
        "mostly one locus of 30-60% of the variance, markers 15 cM apart, 0.5% of calls wrong",
        {"n_markers": 322, "even_markers": True, "error_prob": 0.005},
        replace(_PLAIN, n_loci_shares=(0.2, 0.7, 0.1), variance_share=(0.3, 0.6)),
    ),
    Scenario("skewed-noise", "exponential noise", traits=replace(_PLAIN, noise="skewed")),
    Scenario(
        "heavy-tails",
        "noise with 3 degrees of freedom",
        traits=replace(_PLAIN, noise="heavy_tailed"),
    ),
    Scenario("batch", "two batches, 30% of the noise", traits=replace(_PLAIN, batch_share=0.3)),
    Scenario(
        "covariate",
        "40% of the noise from a covariate, 30% of which is a locus'; it is taken out",
        traits=replace(_PLAIN, covariate_share=0.4, covariate_r2=0.3),
        search={"covariates": ("covariate",)},
    ),
    Scenario(
        "missing-values",
        "5% of the values missing, each trait searched on its own samples",
        traits=replace(_PLAIN, missing_share=0.05),
    ),
    Scenario(
        "correlated-traits",
        "noise correlated as in yeast",
        traits=replace(_PLAIN, correlated_share=_CORRELATED_AS_YEAST),
    ),
    Scenario(
        "strongly-correlated-traits",
        "70% of the noise from 3 common factors",
        traits=replace(_PLAIN, correlated_share=0.7, n_factors=3),
    ),
    Scenario(
        "variance-1-2",
        "noise variances 1:2 in the genotypes of locus 1",
        traits=replace(_PLAIN, variance_ratio=2.0),
    ),
    Scenario(
        "variance-1-4",
        "noise variances 1:4 in the genotypes of locus 1",
        traits=replace(_PLAIN, variance_ratio=4.0),
    ),
    Scenario(
        "variance-1-4-heavy-tails",
        "noise variances 1:4, 3 degrees of freedom",
        traits=replace(_PLAIN, variance_ratio=4.0, noise="heavy_tailed"),
    ),
    Scenario("no-loci", "no trait has a locus", traits=replace(_PLAIN, n_loci_shares=(1.0,))),
    Scenario("one-locus", "0 or 1 locus", traits=replace(_PLAIN, n_loci_shares=(0.3, 0.7))),
    Scenario(
        "few-pairs",
        "0, 1 and, of 5%, 2 loci",
        traits=replace(_PLAIN, n_loci_shares=(0.5, 0.45, 0.05)),
    ),
    Scenario("two-loci", "0 or 2 loci", traits=replace(_PLAIN, n_loci_shares=(0.4, 0.0, 0.6))),
    Scenario(
        "three-loci", "0 or 3 loci", traits=replace(_PLAIN, n_loci_shares=(0.4, 0.0, 0.0, 0.6))
    ),
    Scenario(
        "weak-loci",
        "loci of 3-12% of the variance",
        traits=replace(_PLAIN, variance_share=(0.03, 0.12)),
    ),
    Scenario(
        "additive",
        "every pair additive",
        traits=replace(_PLAIN, pair_kind_shares=(1.0, 0.0, 0.0), shared_pair_share=0.0),
    ),
    Scenario(
        "epistatic",
        "locus 2 acts in one genotype of locus 1",
        traits=replace(_PLAIN, pair_kind_shares=(0.0, 1.0, 0.0)),
    ),
    Scenario(
        "epistasis-only",
        "no main effect in any pair",
        traits=replace(_PLAIN, pair_kind_shares=(0.0, 0.0, 1.0), shared_pair_share=0.0),
    ),
    *(
        Scenario(
            f"linked-{low}-{high}cm",
            f"0 or 2 loci, {low} to {high} cM apart",
            traits=replace(
                _APART, n_loci_shares=(0.4, 0.0, 0.6), pair_distance_cm=(float(low), float(high))
            ),
        )
        for low, high in ((10, 20), (20, 40), (40, 80))
    ),
    Scenario("allele-frequency-0.25", "genotype 1 has frequency 1/4", {"n_backcrosses": 1}),
    Scenario("allele-frequency-0.125", "genotype 1 has frequency 1/8", {"n_backcrosses": 2}),
    Scenario("ril", "recombinant inbred lines", {"crosstype": "riself"}),
    Scenario("ril-sib", "inbred lines by sib mating", {"crosstype": "risib"}),
    Scenario(
        "f2",
        "intercross of 200, 500 traits",
        {"crosstype": "f2", "n_samples": 200, "n_traits": 500},
        search={"genotype_probabilities": True},
    ),
    Scenario("traits-50", "50 traits", {"n_traits": 50}),
    Scenario("traits-200", "200 traits", {"n_traits": 200}),
    Scenario("traits-1000", "1,000 traits", {"n_traits": 1000}),
)
"""Name -> scenario."""


def simulate_scenario(name: str, *, seed: int = 1) -> SimulatedCross:
    """Simulate a cross of a named scenario.

    Parameters
    ----------
    name
        One of `SCENARIOS`.
    seed
        A whole number of 0 or more; the same seed gives the same cross.

    Returns
    -------
    SimulatedCross

    Raises
    ------
    ArgumentError
        For an unknown name.

    Examples
    --------
    >>> simulate_scenario("traits-50", seed=2).cross.n_traits
    50
    """
    require_one_of("scenario", name, tuple(SCENARIOS))
    return SCENARIOS[name].simulate(seed=seed)
