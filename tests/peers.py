"""What peers were given, read back for the tests that hold us against their output."""

import numpy as np
import pandas as pd

from crossmap.cross import make_cross


def rqtl_yeast_sub(shared):
    """The yeast cross of R/qtl's runs: 205 markers, 20 traits, positions in cM."""
    table = pd.read_csv(
        shared / "oracles" / "rqtl" / "rqtl_yeast_sub.csv", header=None, dtype=str
    ).to_numpy(dtype=object)
    n_traits = sum(not isinstance(cell, str) for cell in table[1])  # blank above the traits
    names, chromosome, position = table[:3, n_traits:]
    return make_cross(
        crosstype="dh",
        genotype_names=("A", "B"),
        samples=[f"s{i:03d}" for i in range(len(table) - 3)],
        markers=pd.DataFrame(
            {"marker": names, "chr": chromosome, "pos_cm": position.astype(np.float64)}
        ),
        genotypes=(table[3:, n_traits:] == "B").astype(np.int8).T,
        trait_names=table[0, :n_traits],
        traits=table[3:, :n_traits].astype(np.float64).T,
    )
