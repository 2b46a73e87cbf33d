"""Every picture on every kind of cross, to be looked at: ``python -m tests.plots.look OUT``.

Crosses: the shipped one, yeast (if CROSSMAP_SHARED holds it), one chromosome without a linkage, one
chromosome and three with some, a genome with one linkage of a trait named in Greek and Chinese,
long names, a map in centimorgans alone, an F2 with gaps, one with an X and few traits, one in
three media. Each picture is drawn
as it is written (OUT/screen) and at print size, one column of 85 mm or two at 300 dpi (OUT/print);
OUT/sheets has each picture of all crosses side by side. ``--only NAME,...`` takes some crosses. A
few minutes.
"""

import os
import sys
import time
import traceback
import warnings
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from crossmap.errors import CrossmapError
from crossmap.plots import style

COLUMN, TWO_COLUMNS, WIDE = 85 / 25.4, 174 / 25.4, 6.5
PRINT_DPI, PRINT_FONT = 300, 7.0

_as_written = style.picture
_size = "screen"


@contextmanager
def picture(file, *, width, height):
    """As `crossmap.plots.style.picture`, at the size that is asked for now."""
    import matplotlib as mpl

    if _size == "screen":
        with _as_written(file, width=width, height=height) as figure:
            yield figure
        say_what_is_amiss(figure, file)
        return
    to = COLUMN if width <= WIDE else TWO_COLUMNS
    style.DPI, dpi = PRINT_DPI, style.DPI
    try:
        with _as_written(file, width=to, height=height * to / width) as figure:
            mpl.rcParams["font.size"] = PRINT_FONT
            mpl.rcParams["axes.titlesize"] = PRINT_FONT + 1
            yield figure
        say_what_is_amiss(figure, file)
    finally:
        style.DPI = dpi


def say_what_is_amiss(figure, file, *, slack=0.02):
    """Print what lies outside of the picture, and texts that lie on each other."""
    from matplotlib.image import imread
    from matplotlib.text import Text

    # In the file: computed again, letters are wider or narrower than those that were laid out.
    grey = imread(file)[:, :, :3].mean(axis=2)
    borders = {"top": grey[0], "bottom": grey[-1], "left": grey[:, 0], "right": grey[:, -1]}
    cut = [name for name, pixels in borders.items() if (pixels < 0.8).any()]
    if cut:
        print(f"  CLIPPED {file}: ink at its {', '.join(cut)}")
    figure.dpi = style.DPI
    figure.draw_without_rendering()
    unseen = {
        label
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
        for label in (tick.label1, tick.label2)
        if not (min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval()))
    }
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    seen = [t for t in texts if t not in unseen]
    boxes = [(t.get_text(), Text.get_window_extent(t)) for t in seen]  # without arrows
    boxes = [(text, box) for text, box in boxes if figure.bbox.overlaps(box)]
    for k, (one, mine) in enumerate(boxes):
        for other, its in boxes[:k]:
            across = min(mine.x1, its.x1) - max(mine.x0, its.x0)
            up = min(mine.y1, its.y1) - max(mine.y0, its.y0)
            if min(across, up) > slack * figure.dpi:
                print(f"  OVERLAP {file}: {one!r} and {other!r}")


if __name__ == "__main__":  # before the modules that draw take it
    style.picture = picture

import crossmap  # noqa: E402
from crossmap.compare import compare_searches  # noqa: E402
from crossmap.plots.convergence import called_by_permutations, plot_convergence  # noqa: E402
from crossmap.plots.strips import (  # noqa: E402
    plot_share_of_variance,
    plot_strips,
    share_counts,
    strip_points,
)
from crossmap.report.architecture import write_architecture  # noqa: E402
from crossmap.report.check import check_cross, write_check  # noqa: E402
from crossmap.report.compare import write_comparison  # noqa: E402
from crossmap.report.conditions import write_conditions  # noqa: E402
from crossmap.report.explain import write_explanation  # noqa: E402
from crossmap.report.fit import write_fit  # noqa: E402
from crossmap.report.hotspots import write_hotspots  # noqa: E402
from crossmap.report.joint import write_joint  # noqa: E402
from crossmap.report.permute import write_permutations  # noqa: E402
from crossmap.report.scan1 import write_scan1  # noqa: E402
from crossmap.report.scan2 import write_scan2  # noqa: E402
from crossmap.report.score import write_scores  # noqa: E402
from crossmap.report.surface import write_surfaces  # noqa: E402
from crossmap.simulate import demo_folder  # noqa: E402
from crossmap.trait_model import TraitModel  # noqa: E402

LONG_TRAIT = "ENSMUSG00000000001.5_Gnai3_guanine_nucleotide_binding_protein_alpha/inhibiting_3"
NOTHING = TraitModel(n_loci_shares=(1.0,))
TRUTHS = {}


def simulated(name, **options):
    made = crossmap.simulate_cross(**options)
    TRUTHS[name] = made.truth
    return made.cross


def one_chromosome():
    return simulated(
        "one_chromosome", n_samples=60, n_traits=150, n_markers=40, seed=2, trait_model=NOTHING,
        chromosome_lengths_bp={"chrI": 400_000},
    )  # fmt: skip


def one_linkage():
    cross = crossmap.simulate_cross(
        n_samples=80, n_traits=200, n_markers=300, seed=3, trait_model=NOTHING
    ).cross
    traits = cross.traits.copy()
    traits[5] += 2.5 * cross.genotypes[140] + 1.5 * cross.genotypes[20]
    names = [
        "β-烟酰胺 \N{DNA DOUBLE HELIX} 5" if i == 5 else n for i, n in enumerate(cross.trait_names)
    ]
    table = cross.trait_table.assign(trait=names)
    return replace(cross, traits=traits, trait_table=table, parents=cross.parents.iloc[:0])


def long_names():
    made = crossmap.simulate_cross(n_samples=90, n_traits=200, n_markers=300, seed=4).cross
    chromosomes = {
        c: f"NW_00{i:03d}.1_scaffold_{c}" for i, c in enumerate(dict.fromkeys(made.markers["chr"]))
    }
    names = [f"{LONG_TRAIT}_isoform_{name}" for name in made.trait_names]
    names[:3] = ["<script>alert(1)</script>", "a/b \\ c & d", "cost $x$ in $"]
    table = made.trait_table
    return crossmap.make_cross(
        crosstype="haploid", genotype_names=("C57BL/6J-derived allele", "DBA/2J-derived allele"),
        samples=[f"recombinant_line_number_{s}" for s in made.samples],
        markers=made.markers.assign(
            chr=made.markers["chr"].map(chromosomes),
            marker=[f"{m}_very_long_marker_name_of_an_array" for m in made.markers["marker"]],
        ),
        genotypes=made.genotypes, trait_names=names, traits=made.traits,
        trait_positions=table.assign(trait=names, chr=table["chr"].map(chromosomes)),
    )  # fmt: skip


def one_long_chromosome():
    return simulated(
        "one_long_chromosome", n_samples=160, n_traits=200, n_markers=80, seed=9,
        chromosome_lengths_bp={"1": 61_000_000},
    )  # fmt: skip


def three_chromosomes():
    return simulated(
        "three_chromosomes", n_samples=160, n_traits=600, n_markers=90, seed=8,
        trait_model=TraitModel(n_loci_shares=(0.1, 0.2, 0.7)),
        chromosome_lengths_bp={"2L": 23_000_000, "2R": 25_000_000, "X": 9_000_000},
    )  # fmt: skip


def centimorgans():
    made = simulated("centimorgans", n_samples=90, n_traits=150, n_markers=200, seed=5)
    return replace(made, markers=made.markers.assign(pos_bp=np.nan))


def f2_with_gaps():
    made = crossmap.simulate_cross(
        n_samples=150, n_traits=60, n_markers=150, crosstype="f2", seed=6
    ).cross
    gaps = np.random.default_rng(1).random(made.genotypes.shape) < 0.15
    return replace(made, genotypes=np.where(gaps, -1, made.genotypes).astype(np.int8))


def f2_with_x():
    """Two autosomes and X of both sexes and directions, in centimorgans, with gaps."""
    from genotyped import awkward_cross

    made = awkward_cross("f2", n_samples=150, n_markers=45, missing=0.1)
    rng = np.random.default_rng(3)
    calls = np.where(made.genotypes < 0, 1, np.minimum(made.genotypes, 2))
    traits = rng.normal(size=(60, 150))
    traits[:40] += 0.9 * calls[8] + np.linspace(0, 1.5, 40)[:, None] * calls[38]
    traits[:20] += 0.7 * calls[22]
    return crossmap.make_cross(
        crosstype="f2", genotype_names=made.genotype_names, samples=list(made.samples),
        markers=made.markers, genotypes=made.genotypes, traits=traits,
        trait_names=[f"t{k}" for k in range(60)], covariates=made.covariates,
    )  # fmt: skip


def environment():
    """In three media, with long names, half of the traits' first locus acting in two."""
    made = crossmap.simulate_cross(n_samples=150, n_traits=60, n_markers=200, seed=7).cross
    medium = np.array(["glucose", "ethanol", "synthetic complete medium at 30 C"])[
        np.arange(150) % 3
    ]
    traits = made.traits + np.where(medium == "ethanol", -1.2, 1.2) * made.genotypes[[20] * 60]
    table = pd.DataFrame({"medium": medium}, index=made.covariates.index)
    return replace(made, traits=traits, covariates=table)


def yeast():
    from timing import load_cross

    return load_cross(os.environ["CROSSMAP_SHARED"])[1]


def shipped():
    TRUTHS["shipped"] = demo_folder()
    return crossmap.read_cross(demo_folder())


CROSSES = {
    "shipped": shipped,
    "yeast": yeast,
    "one_chromosome": one_chromosome,
    "one_long_chromosome": one_long_chromosome,
    "three_chromosomes": three_chromosomes,
    "one_linkage": one_linkage,
    "long_names": long_names,
    "centimorgans": centimorgans,
    "f2_with_gaps": f2_with_gaps,
    "f2_with_x": f2_with_x,
    "environment": environment,
}


def write_others(found, folder):
    """Pictures of the notebooks that no folder of results has."""
    cross, joint = found
    with style.picture(folder / "convergence.png", width=5, height=4) as figure:
        plot_convergence(figure.subplots(), called_by_permutations(joint))
    with style.picture(folder / "shares.png", width=10, height=4) as figure:
        left, right = figure.subplots(1, 2)
        plot_share_of_variance(left, share_counts(crossmap.heritability(cross)))
        plot_strips(right, strip_points(cross, cross.trait_names[:4]))


def unrated(table):
    """First loci of all traits, claimed without any rate."""
    table = table[table["chr1"].notna()]
    middle = (table["start1_cm"] + table["end1_cm"]) / 2.0
    return pd.DataFrame({"trait": table["trait"], "chr": table["chr1"], "pos_cm": middle})


def analyses(cross, truth=None):
    """Name -> function that analyses the cross and gives what writes its folder."""
    hmm = {"genotype_probabilities": True, "step": 5.0} if cross.n_genotypes == 3 else {}
    grid = 200 if cross.n_markers > 1000 else None
    made = {}

    def joint():
        if "joint" not in made:
            made["joint"] = crossmap.joint_linkage(cross, n_perm=5, **hmm)
        return made["joint"]

    def best():
        row = joint().to_frame().sort_values("joint_prob", ascending=False).iloc[0]
        return row["trait"], [row["locus1"], row["locus2"]]

    def permuted():
        chance = crossmap.permute_scan1(cross, n_perm=100, **hmm)
        peaks = crossmap.find_peaks(cross, chance=chance)
        return lambda folder: write_permutations(chance, cross, folder, peaks=peaks)

    def at_own_gene():
        window = {"local_window_bp": 100_000.0}
        chance = crossmap.permute_scan1(cross, n_perm=100, **window)
        return then(write_permutations, chance)

    def three():
        trait, names = best()
        return [trait, [*names, str(cross.markers["marker"].iloc[cross.n_markers // 2])]]

    def surfaces():
        surface = crossmap.trait_surface(cross, best()[0], n_perm=40, **hmm)
        return lambda folder: write_surfaces([surface], folder, traits=[surface.trait])

    def conditions():
        found = crossmap.condition_linkages(cross, condition="medium", n_perm=50)
        return lambda folder: write_conditions(found, cross, folder)

    def then(write, result):
        return lambda folder: write(result, cross, folder)

    def scores(table):
        found = crossmap.score(table, truth)
        return lambda folder: write_scores(found, folder)

    if "medium" in cross.covariates:
        return {"conditions": conditions}
    known = {
        "score": lambda: scores(joint().to_frame()),
        "score_unrated": lambda: scores(unrated(joint().to_frame())),
    }
    return {
        **(known if truth is not None else {}),
        "check": lambda: lambda folder: write_check(check_cross(cross), folder),
        "scan1": lambda: then(write_scan1, crossmap.scan1(cross, histogram=100, **hmm)),
        "qq": lambda: then(write_scan1, crossmap.scan1(cross, histogram="qq", **hmm)),
        "permute": permuted,
        "cis": at_own_gene,
        "joint": lambda: lambda folder: write_joint(joint(), cross, folder, convergence=True),
        "scan2": lambda: then(write_scan2, crossmap.scan2(cross, n_grid=grid, **hmm)),
        "surface": surfaces,
        "compare": lambda: then(write_comparison, compare_searches(cross, n_grid=grid)),
        "fit": lambda: then(write_fit, crossmap.fit(cross, *best(), **hmm)),
        "fit1": lambda: then(write_fit, crossmap.fit(cross, best()[0], best()[1][:1], **hmm)),
        "fit3": lambda: then(write_fit, crossmap.fit(cross, *three(), **hmm)),
        "explain": lambda: then(write_explanation, crossmap.explain(cross, best()[0], **hmm)),
        "hotspots": lambda: then(write_hotspots, crossmap.find_hotspots(cross, n_perm=50, **hmm)),
        "hotspots_cm": lambda: then(
            write_hotspots, crossmap.find_hotspots(cross, bin_cm=10.0, n_perm=50, **hmm)
        ),
        "architecture": lambda: then(
            write_architecture, crossmap.genetic_architecture(cross, joint())
        ),
        "others": lambda: lambda folder: write_others((cross, joint()), folder),
    }


def draw(name, cross, out):
    """Draw what can be drawn, and say what cannot."""
    global _size
    for what, analyse in analyses(cross, TRUTHS.get(name)).items():
        try:
            write = analyse()
            for _size in ("screen", "print"):
                folder = out / _size / name / what
                folder.mkdir(parents=True, exist_ok=True)
                start = time.perf_counter()
                write(folder)
                print(f"{name} {what} {_size}: {time.perf_counter() - start:.1f} s", flush=True)
        except CrossmapError as error:
            print(f"{name} {what}: refused: {error}", flush=True)
        except Exception:  # noqa: BLE001 - one broken picture must not hide the others
            print(f"{name} {what}: BROKEN", flush=True)
            traceback.print_exc()
        finally:
            _size = "screen"


def sheets(out):
    """Each picture of all crosses on one sheet."""
    from PIL import Image, ImageDraw

    for size, across in (("screen", 700), ("print", 700)):
        kinds = {}
        for file in sorted((out / size).glob("*/*/*.png")):
            stem = file.stem.split("_")[0] if file.stem.startswith("surface") else file.stem
            kinds.setdefault(f"{file.parent.name}_{stem}", []).append(file)
        (out / "sheets").mkdir(exist_ok=True)
        for kind, files in kinds.items():
            images = [Image.open(file).convert("RGB") for file in files]
            images = [i.resize((across, round(i.height * across / i.width))) for i in images]
            columns = min(3, len(images))
            rows = [images[k : k + columns] for k in range(0, len(images), columns)]
            heights = [max(i.height for i in row) + 24 for row in rows]
            sheet = Image.new("RGB", (columns * across, sum(heights)), "#DDDDDD")
            top = 0
            for row, start, height in zip(
                rows, range(0, len(images), columns), heights, strict=True
            ):
                for k, image in enumerate(row):
                    sheet.paste(image, (k * across, top + 20))
                    label = files[start + k].parents[1].name
                    ImageDraw.Draw(sheet).text((k * across + 4, top + 4), label, fill="black")
                top += height
            sheet.save(out / "sheets" / f"{kind}_{size}.png")


def main(arguments):
    """Draw for every cross."""
    warnings.simplefilter("ignore")
    out = Path(arguments[0])
    chosen = (
        arguments[arguments.index("--only") + 1].split(",") if "--only" in arguments else CROSSES
    )
    tests = Path(__file__).parents[1]
    sys.path[:0] = [str(tests), str(tests / "benchmarks")]
    for name in chosen:
        if name == "yeast" and not os.environ.get("CROSSMAP_SHARED"):
            print("yeast: skipped, CROSSMAP_SHARED is not set")
            continue
        draw(name, CROSSES[name](), out)
    sheets(out)


if __name__ == "__main__":
    main(sys.argv[1:])
