"""How long reading the yeast tables takes beside what pandas alone needs for the same files.

    python tests/benchmarks/reading.py [SHARED]

SHARED is the folder that holds `yeast/` (default: CROSSMAP_SHARED, else ../shared beside this
clone). Exits with 1 where crossmap takes three times as long or more.
"""

import os
import sys
import warnings
from pathlib import Path

import pandas as pd
from timing import best_time

from crossmap.errors import CrossmapWarning
from crossmap.io.plain import read_plain

MOST = 3.0
TABLES = {
    "genotypes": "genotype.tsv.gz",
    "markers": "marker_pos.tsv.gz",
    "traits": "expression.tsv.gz",
    "trait_positions": "gene_pos.tsv.gz",
}


def main():
    default = os.environ.get("CROSSMAP_SHARED", Path(__file__).parents[3] / "shared")
    shared = Path(sys.argv[1] if len(sys.argv) > 1 else default)
    paths = {role: shared / "yeast" / name for role, name in TABLES.items()}

    def ours():
        read_plain(**paths, crosstype="haploid", codes={"1": "BY", "2": "RM"})

    def theirs():
        for path in paths.values():
            pd.read_csv(path, sep="\t")

    warnings.simplefilter("ignore", CrossmapWarning)
    of_crossmap, of_pandas = best_time(ours, 9), best_time(theirs, 9)
    ratio = of_crossmap / of_pandas
    print(f"pandas {pd.__version__} reads the four tables in {of_pandas:.3f} s")
    print(f"crossmap reads, checks and aligns them in {of_crossmap:.3f} s")
    print(f"ratio {ratio:.2f} (below {MOST:g})")
    return int(ratio >= MOST)


if __name__ == "__main__":
    sys.exit(main())
