"""Time of every picture that the commands draw of the yeast cross, computing and writing apart.

    python tests/benchmarks/pictures.py [SHARED]

SHARED is the folder that holds `yeast/` (default: CROSSMAP_SHARED); without it a simulated cross
of the same size is used. Prints seconds; nothing here can fail. The aim:
under 20 s together.
"""

import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from timing import line, load_cross

from crossmap.plots import style

_as_written = style.picture
times = {}


@contextmanager
def picture(file, *, width, height):
    """As `crossmap.plots.style.picture`, timed from the empty figure to the file."""
    start = time.perf_counter()
    with _as_written(file, width=width, height=height) as figure:
        yield figure
    times[f"{Path(file).parent.name}/{Path(file).name}"] = time.perf_counter() - start


style.picture = picture  # before the modules that draw take it

import crossmap  # noqa: E402
from crossmap.compare import compare_searches  # noqa: E402
from crossmap.report.architecture import write_architecture  # noqa: E402
from crossmap.report.check import check_cross, write_check  # noqa: E402
from crossmap.report.compare import write_comparison  # noqa: E402
from crossmap.report.explain import write_explanation  # noqa: E402
from crossmap.report.fit import write_fit  # noqa: E402
from crossmap.report.hotspots import write_hotspots  # noqa: E402
from crossmap.report.joint import write_joint  # noqa: E402
from crossmap.report.permute import write_permutations  # noqa: E402
from crossmap.report.scan1 import write_scan1  # noqa: E402
from crossmap.report.scan2 import write_scan2  # noqa: E402
from crossmap.report.surface import write_surfaces  # noqa: E402


def main():
    """Analyse, write, and print what each picture took."""
    name, cross = load_cross()
    joint = crossmap.joint_linkage(cross)
    best = joint.called(fdr=0.10).iloc[0]
    trait, loci = best["trait"], [best["locus1"], best["locus2"]]
    chance = crossmap.permute_scan1(cross, n_perm=100)
    peaks = crossmap.find_peaks(cross, chance=chance)
    surface = crossmap.trait_surface(cross, trait, n_perm=20)
    runs = {
        "check": lambda f: write_check(check_cross(cross), f),
        "scan1": lambda f: write_scan1(crossmap.scan1(cross), cross, f),
        "permute": lambda f: write_permutations(chance, cross, f, peaks=peaks),
        "joint": lambda f: write_joint(joint, cross, f),
        "scan2": lambda f: write_scan2(crossmap.scan2(cross, n_grid=200), cross, f),
        "surface": lambda f: write_surfaces([surface], f, traits=[trait]),
        "compare": lambda f: write_comparison(compare_searches(cross, n_grid=200), cross, f),
        "fit": lambda f: write_fit(crossmap.fit(cross, trait, loci), cross, f),
        "explain": lambda f: write_explanation(
            crossmap.explain(cross, trait, n_perm=100), cross, f
        ),
        "hotspots": lambda f: write_hotspots(crossmap.find_hotspots(cross, n_perm=20), cross, f),
        "architecture": lambda f: write_architecture(
            crossmap.genetic_architecture(cross, joint), cross, f
        ),
    }
    with tempfile.TemporaryDirectory() as folder:
        for command, write in runs.items():
            (Path(folder) / command).mkdir()
            write(Path(folder) / command)
    print(f"{name}: {cross.n_traits:,} traits, {cross.n_markers:,} markers")
    for file, seconds in times.items():
        line(f"  {file}", seconds)
    line(f"all {len(times)} pictures", sum(times.values()))


if __name__ == "__main__":
    main()
