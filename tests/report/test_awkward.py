"""Every page, picture and explanation of awkward crosses: it is whole, or refused in one line."""

import re
from dataclasses import replace

import numpy as np
import pytest

import crossmap
from crossmap.compare import compare_searches
from crossmap.errors import CrossmapError
from crossmap.plots import style
from crossmap.report.architecture import write_architecture
from crossmap.report.check import check_cross, write_check
from crossmap.report.compare import write_comparison
from crossmap.report.explain import write_explanation
from crossmap.report.fit import write_fit
from crossmap.report.hotspots import write_hotspots
from crossmap.report.html import PAGE
from crossmap.report.joint import write_joint
from crossmap.report.permute import write_permutations
from crossmap.report.scan1 import write_scan1
from crossmap.report.scan2 import write_scan2
from crossmap.report.surface import write_surfaces
from crossmap.trait_model import TraitModel

NAMES = ("<script>alert(1)</script>", "a/b", "../up", "cost $x$ in $", "x" * 300)
NOTHING = TraitModel(n_loci_shares=(1.0,))


def simulated(**options):
    return crossmap.simulate_cross(
        **{"n_samples": 60, "n_traits": 120, "n_markers": 40, "seed": 2, **options}
    ).cross


def nothing():
    return simulated(trait_model=NOTHING)


def one_chromosome():
    return simulated(chromosome_lengths_bp={"chrI": 400_000})


def without_positions():
    """In centimorgans alone, and no gene has a place."""
    cross = simulated()
    lost = cross.markers.assign(pos_bp=np.nan)
    nowhere = cross.trait_table.assign(chr=None, start_bp=np.nan, end_bp=np.nan)
    return replace(cross, markers=lost, trait_table=nowhere)


def odd_names():
    cross = simulated()
    names = (*NAMES, *cross.trait_names[len(NAMES) :])
    renamed = dict(zip(cross.trait_names, names, strict=True))
    places = cross.trait_table
    return crossmap.make_cross(
        crosstype="haploid", genotype_names=("A<b>", "B&b"), samples=cross.samples,
        markers=cross.markers, genotypes=cross.genotypes, trait_names=names, traits=cross.traits,
        trait_positions=places.assign(trait=places["trait"].map(renamed)),
    )  # fmt: skip


def one_trait():
    """Linked to two loci, and called wherever one trait can be."""
    made = simulated(n_traits=1, trait_model=NOTHING)
    loci = made.genotypes[[3, 30]]
    return replace(made, traits=made.traits + 4.0 * loci[:1] + 2.0 * loci[1:])


CROSSES = {
    f.__name__: f for f in (nothing, one_chromosome, without_positions, odd_names, one_trait)
}

ONE_OF_MANY = re.compile(
    r"(?<![\d.,-])1 (?:[a-z]+ )?(traits|samples|markers|loci|pairs|linkages|tests|permutations|"
    r"chromosomes|bins|genes|peaks|hot spots|are|were|have)\b"
)
"""A single thing with its noun or verb in the plural; "1 of 20 traits" is none."""

REFUSED = {
    ("without_positions", "hotspots"), ("without_positions", "architecture"),
    ("one_chromosome", "compare"),
}  # fmt: skip
"""Hot spots need base pairs, the searches compared two chromosomes."""


@pytest.fixture(scope="module", params=CROSSES)
def cross(request):
    made = CROSSES[request.param]()
    return request.param, made, crossmap.joint_linkage(made, n_perm=2)


def analysed(kind, cross, joint):
    """What writes the folder of an analysis."""
    first, markers = cross.trait_names[0], cross.markers["marker"].iloc[[3, 30]].tolist()
    if kind == "permute":
        chance = crossmap.permute_scan1(cross, n_perm=20)
        peaks = crossmap.find_peaks(cross, chance=chance)
        return lambda folder: write_permutations(chance, cross, folder, peaks=peaks)
    if kind == "surface":
        surfaces = [crossmap.trait_surface(cross, name, n_perm=2) for name in cross.trait_names[:2]]
        traits = [surface.trait for surface in surfaces]
        return lambda folder: write_surfaces(surfaces, folder, traits=traits)
    if kind == "check":
        return lambda folder: write_check(check_cross(cross), folder)
    write, result = {
        "joint": lambda: (write_joint, joint),
        "scan1": lambda: (write_scan1, crossmap.scan1(cross, histogram=100)),
        "scan2": lambda: (write_scan2, crossmap.scan2(cross, n_perm=1, same_chromosome=True)),
        "compare": lambda: (write_comparison, compare_searches(cross, n_perm=1)),
        "fit": lambda: (write_fit, crossmap.fit(cross, first, markers)),
        "explain": lambda: (write_explanation, crossmap.explain(cross, first, n_perm=20)),
        "hotspots": lambda: (write_hotspots, crossmap.find_hotspots(cross, n_perm=19)),
        "architecture": lambda: (write_architecture, crossmap.genetic_architecture(cross, joint)),
    }[kind]()
    return lambda folder: write(result, cross, folder)


@pytest.mark.parametrize(
    "kind",
    ["check", "scan1", "permute", "joint", "scan2", "surface", "compare", "fit", "explain",
     "hotspots", "architecture"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::crossmap.errors.CrossmapWarning")
def test_a_page_is_whole_or_the_cross_refused(cross, kind, tmp_path, monkeypatch):
    monkeypatch.setattr(style, "DPI", 30)  # three times faster
    name, made, joint = cross
    folder = tmp_path / "deep" / "out"
    folder.mkdir(parents=True)
    refused = ""
    try:
        write = analysed(kind, made, joint)
    except CrossmapError as error:
        refused = str(error)
    if refused:
        assert (name, kind) in REFUSED, refused
        assert "expected" in refused
        assert "\n" not in refused
        return
    write(folder)
    assert list((tmp_path / "deep").iterdir()) == [folder]  # a slash leads nowhere else
    assert list(tmp_path.iterdir()) == [tmp_path / "deep"]
    pictures = list(folder.glob("*.png"))
    assert pictures
    if kind != "surface":  # which is a part of the page of scan2
        page = (folder / PAGE).read_text(encoding="utf-8")
        assert page.count("<figure>") == len(pictures)
        assert "<script" not in page
        assert "<b>" not in page
        assert re.search(r"\bnan\b", page) is None
    text = "".join(file.read_text("utf-8") for file in folder.glob("*.txt"))
    assert kind == "surface" or text.count("\n") >= 2
    assert re.search(r"\bnan\b|\bNone\b", text) is None
    assert ONE_OF_MANY.search(" ".join(text.split()).replace("1 of 1 ", "1 ")) is None


def test_fifty_thousand_linkages_make_a_small_page(tmp_path):
    made = simulated(n_samples=100, n_traits=300, n_markers=200)
    scan = crossmap.scan1(made, threshold=1.0, force=True)
    write_scan1(scan, made, tmp_path)
    lines = sum(1 for _ in (tmp_path / "linkages.tsv").open())
    assert lines > 50_000
    assert (tmp_path / PAGE).stat().st_size < 500_000
