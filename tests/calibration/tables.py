"""The tables of a calibration run, and the README's extract of them."""

import re
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
from calibration.grid import WITHIN_CM, searches
from calibration.measures import (
    LEVELS,
    NOMINAL,
    load,
    located_claims,
    parts,
    pi0_against_truth,
    power_at_equal_fdr,
    realised,
    reliability,
)
from calibration.methods import MAIN_SEARCHES

from crossmap.io.results import write_table
from crossmap.scenarios import SCENARIOS

PUBLISHED, DEFAULT = MAIN_SEARCHES
WIDE_CM, WHOLE_CHROMOSOME_CM = WITHIN_CM[1:]
ROOT = Path(__file__).parents[2]
BEGIN, END = "<!-- calibration -->\n", "<!-- end of calibration -->\n"

IN_README = (
    "plain", "samples-50", "samples-300", "markers-15cm", "genotype-errors", "strong-locus-sparse",
    "heavy-tails", "batch", "strongly-correlated-traits", "variance-1-4", "few-pairs", "epistatic",
    "linked-20-40cm", "allele-frequency-0.25", "ril", "f2", "traits-200",
)  # fmt: skip


def write_tables(work, out):
    """Write calibration.tsv (the paper's method and the default), calibration_methods.tsv (every
    method at nominal 10%), calibration_reliability.tsv, and the README's table."""
    Path(out).mkdir(parents=True, exist_ok=True)
    rates, deciles, methods = [], [], []
    for scenario in SCENARIOS:
        for search in searches(scenario):
            for posterior in ("pooled", "weighted"):
                method = replace(search, posterior=posterior)
                data = load(work, scenario, method)
                if data is None:
                    continue
                label = {"scenario": scenario, **asdict(method)}
                equal = {"power_at_equal_fdr": power_at_equal_fdr(data)}
                wide = load(work, scenario, method, within_cm=WIDE_CM)
                rows = [
                    label
                    | {"nominal": level}
                    | realised(data, level)
                    | {"realised_fdr_40cm": realised(wide, level)["realised_fdr"]}
                    | equal
                    for level in LEVELS
                ]
                methods += [row for row in rows if row["nominal"] == NOMINAL]
                if method in (PUBLISHED, DEFAULT):
                    fixed = pi0_against_truth(data) | parts(data)
                    linked = load(work, scenario, method, within_cm=WHOLE_CHROMOSOME_CM)
                    rates += [
                        row
                        | {"realised_fdr_linked": realised(linked, row["nominal"])["realised_fdr"]}
                        | (located_claims(data, row["nominal"]) if posterior == "pooled" else {})
                        | fixed
                        for row in rows
                    ]
                    deciles += [label | row for row in reliability(data).to_dict("records")]
    tables = {
        "calibration": rates,
        "calibration_methods": methods,
        "calibration_reliability": deciles,
    }
    for name, rows in tables.items():
        write_table(_with_others(pd.DataFrame(rows).round(4), Path(out) / f"{name}.tsv"), out, name)
    update_readme(pd.read_csv(Path(out) / "calibration.tsv", sep="\t"))


def _with_others(table, file):
    """The table with the rows that the file has of scenarios not analysed in this folder."""
    if file.exists():
        old = pd.read_csv(file, sep="\t")
        others = old[old["scenario"].isin(SCENARIOS) & ~old["scenario"].isin(table["scenario"])]
        table = pd.concat([table, others], ignore_index=True) if len(others) else table
    place = {name: number for number, name in enumerate(SCENARIOS)}
    return table.sort_values("scenario", key=lambda names: names.map(place), kind="stable")


def readme_table(table):
    """Markdown of some scenarios: realised FDR in per cent at nominal 5, 10, 20%, and power."""
    lines = [
        "| scenario | departs by | 5% | 10% | 20% | paper, 10% | power | paper's |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for scenario in IN_README:
        own = table[table["scenario"] == scenario]
        default, paper = (
            own[own["variance"] == v].set_index("nominal")
            for v in (DEFAULT.variance, PUBLISHED.variance)
        )
        if default.empty:
            continue
        rates = [f"{100 * default.loc[level, 'realised_fdr']:.1f}" for level in (0.05, 0.1, 0.2)]
        error = 100 * default.loc[0.1, "se_of_crosses"]
        rates[1] += f" ± {error:.1f}"
        powers = [f"{100 * t.loc[0.1, 'power_at_equal_fdr']:.0f}" for t in (default, paper)]
        cells = [
            f"`{scenario}`", SCENARIOS[scenario].description, *rates,
            f"{100 * paper.loc[0.1, 'realised_fdr']:.1f}", *powers,
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def update_readme(table):
    file = ROOT / "README.md"
    text = file.read_text(encoding="utf-8")
    new = BEGIN + readme_table(table) + END
    file.write_text(re.sub(f"{BEGIN}.*?{END}", lambda _: new, text, flags=re.S), encoding="utf-8")
