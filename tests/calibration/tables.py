"""The tables of a calibration run."""

from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd

from crossmap.io.results import write_table
from crossmap.scenarios import SCENARIOS
from tests.calibration.grid import searches
from tests.calibration.measures import (
    LEVELS,
    load,
    parts,
    pi0_against_truth,
    power_at_equal_fdr,
    realised,
    reliability,
)


def write_tables(work, out):
    """Write realised.tsv (every method and level), reliability.tsv and parts.tsv."""
    Path(out).mkdir(parents=True, exist_ok=True)
    rates, deciles, where = [], [], []
    for scenario in SCENARIOS:
        for search in searches(scenario):
            for posterior in ("pooled", "weighted"):
                method = replace(search, posterior=posterior)
                data = load(work, scenario, method)
                if data is None:
                    continue
                label = {"scenario": scenario, **asdict(method)}
                fixed = {
                    "power_at_equal_fdr": power_at_equal_fdr(data),
                    **pi0_against_truth(data),
                }
                wide = load(work, scenario, method, within_cm=40.0)
                rates += [
                    label
                    | {"nominal": level}
                    | realised(data, level)
                    | {"realised_fdr_40cm": realised(wide, level)["realised_fdr"]}
                    | fixed
                    for level in LEVELS
                ]
                where.append(label | parts(data))
                deciles += [label | row for row in reliability(data).to_dict("records")]
    for name, rows in (("realised", rates), ("reliability", deciles), ("parts", where)):
        write_table(pd.DataFrame(rows), out, name)
