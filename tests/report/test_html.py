"""The page of a run: whole in itself, whatever things are called."""

import base64
import re
from functools import partial
from html.parser import HTMLParser
from importlib import import_module

import numpy as np
import pandas as pd
import pytest

import crossmap
from crossmap.compare import compare_searches
from crossmap.report.architecture import write_architecture
from crossmap.report.captions import CAPTIONS, caption_of, describe_pictures, in_order
from crossmap.report.check import check_cross, write_check
from crossmap.report.compare import write_comparison
from crossmap.report.explain import write_explanation
from crossmap.report.fit import write_fit
from crossmap.report.hotspots import write_hotspots
from crossmap.report.html import MOST_ROWS, PAGE, paragraphs_of, write_html
from crossmap.report.joint import write_joint
from crossmap.report.permute import write_permutations
from crossmap.report.scan1 import write_scan1
from crossmap.report.scan2 import write_scan2
from crossmap.report.words import fill
from crossmap.trait_model import TraitModel

PAIR_BINS = {"pair_bins_50kb", "pair_bins_550kb"}
NAMES = ("<script>alert(1)</script>", "a/b & c", "cost $x$ in $", "x" * 300)


@pytest.fixture(scope="module")
def cross():
    made = crossmap.simulate_cross(n_samples=60, n_traits=120, n_markers=40, seed=2).cross
    names = [NAMES[i] if i < len(NAMES) else name for i, name in enumerate(made.trait_names)]
    return crossmap.make_cross(
        crosstype="haploid", genotype_names=("A", "B"), samples=made.samples,
        markers=made.markers, genotypes=made.genotypes, trait_names=names, traits=made.traits,
        trait_positions=made.trait_table.assign(trait=made.trait_names).assign(
            trait=lambda t: t["trait"].map(dict(zip(made.trait_names, names, strict=True)))
        ),
    )  # fmt: skip


class Page(HTMLParser):
    """Its tags, their attributes, and that every one is closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.sources, self.open = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.sources += [v for k, v in attrs if k in ("src", "href")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def check(folder):
    text = (folder / PAGE).read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert "script" not in page.tags
    assert "link" not in page.tags
    pictures = sorted(folder.glob("*.png"))
    assert len(page.sources) == len(pictures)
    embedded = {base64.b64decode(s.removeprefix("data:image/png;base64,")) for s in page.sources}
    assert embedded == {file.read_bytes() for file in pictures}
    assert "http" not in re.sub(r"base64,[A-Za-z0-9+/=]*", "", text)
    return text


@pytest.mark.usefixtures("unrendered")
def test_every_kind_of_run(cross, tmp_path):
    joint = crossmap.joint_linkage(cross, n_perm=2)
    scan = crossmap.scan1(cross, threshold=1e-3)
    pairs = crossmap.scan2(cross, n_grid=12, n_perm=1)
    versus = compare_searches(cross, n_grid=12, n_perm=1)
    chance = crossmap.permute_scan1(cross, n_perm=40)
    peaks = crossmap.find_peaks(cross, chance=chance)
    further = crossmap.conditional_peaks(cross, n_loci=2, n_perm=20)
    fitted = crossmap.fit(cross, NAMES[0], list(cross.markers["marker"].iloc[[3, 30]]))
    for name, write, result in (
        ("joint", write_joint, joint),
        ("scan1", write_scan1, scan),
        ("scan2", write_scan2, pairs),
        ("compare", write_comparison, versus),
        ("permute", partial(write_permutations, peaks=peaks, conditional=further), chance),
        ("fit", write_fit, fitted),
        ("explain", write_explanation, crossmap.explain(cross, NAMES[1])),
        ("hotspots", write_hotspots, crossmap.find_hotspots(cross, n_perm=19)),
        ("architecture", write_architecture, crossmap.genetic_architecture(cross, joint)),
    ):
        (tmp_path / name).mkdir()
        write(result, cross, tmp_path / name)
        text = check(tmp_path / name)
        assert text.count("<figure>") >= 1
        assert "<figcaption></figcaption>" not in text
        module = import_module(write.func.__module__ if name == "permute" else write.__module__)
        told = {*module.FILES, *getattr(module, "MORE_FILES", {})}
        assert {file.stem for file in (tmp_path / name).glob("*.tsv")} <= told | PAIR_BINS, name
    assert "conditional.tsv" in (tmp_path / "permute" / PAGE).read_text(encoding="utf-8")
    assert NAMES[0] not in (tmp_path / "fit" / PAGE).read_text(encoding="utf-8")
    (tmp_path / "check").mkdir()
    write_check(check_cross(cross), tmp_path / "check")
    assert check(tmp_path / "check").count("<figure>") == 2


def test_short_lines_end_paragraphs_and_long_ones_flow():
    flowing = fill("word " * 40)
    text = f"Trait g1\nLocus 1: m1\n{flowing}\nEnd.\n\nModels\n  M0"
    assert list(paragraphs_of(text)) == [
        ("Trait g1", False), ("Locus 1: m1", False), (flowing, False), ("End.", False),
        ("Models\n  M0", True),
    ]  # fmt: skip


def test_sentences_around_a_table_flow_and_its_headings_stay():
    flowing = fill("word " * 40) + ":"
    text = f"{flowing}\n  1 trait\n  2 traits\nEnd of it.\n\nTable\na  b\n 1  2\n 3  4"
    assert list(paragraphs_of(text)) == [
        (flowing, False), ("  1 trait\n  2 traits", True), ("End of it.", False),
        ("Table\na  b\n 1  2\n 3  4", True),
    ]  # fmt: skip


def test_names_are_escaped_and_the_numbers_are_those_of_the_table(tmp_path):
    table = pd.DataFrame(
        {
            "trait": pd.Series([*NAMES, None], dtype=object),
            "pos_bp": [1234567.0, 2.0, np.nan, 4.0, 5.0],
            "lod": [3.25, 1e-9, 123456.789, np.inf, 0.0],
            "local": [True, False, True, False, True],
        }
    )
    write_html(tmp_path, title="<b>", text="a < b\n  kept", tables={"peaks.tsv": table})
    text = check(tmp_path)
    assert "<title>&lt;b&gt;</title>" in text
    assert "<pre>a &lt; b\n  kept</pre>" in text
    assert "<td>&lt;script&gt;alert(1)&lt;/script&gt;</td>" in text
    assert '<td class="number">1234567</td><td class="number">3.25</td><td>yes</td>' in text
    assert '<td class="number"></td><td class="number">123457</td>' in text
    assert "No rows" not in text


def test_many_rows_are_cut_and_said_so_and_none_is_said_too(tmp_path):
    many = pd.DataFrame({"n": np.arange(50_000)})
    write_html(tmp_path, title="t", text="x", tables={"m.tsv": many, "e.tsv": many.iloc[:0]})
    text = check(tmp_path)
    assert f"The first {MOST_ROWS} of 50,000 rows." in text
    assert text.count("<tr>") == 1 + MOST_ROWS
    assert "The table has no rows." in text
    assert len(text) < 10_000


def test_every_picture_of_the_package_has_its_words():
    from pathlib import Path

    sources = [f.read_text("utf-8") for f in (Path(crossmap.__file__).parent / "report").glob("*")
               if f.suffix == ".py"]  # fmt: skip
    stems = {stem for text in sources for stem in re.findall(r"\b([a-z_0-9]+)\.png\b", text)}
    assert len(stems) > 8
    missing = {stem for stem in stems if not caption_of(stem).text}
    assert not missing, f"pictures without a caption in report/captions.py: {missing}"
    assert caption_of("surface_my_trait") is CAPTIONS["surface"]
    assert caption_of("other") == ("other", "")
    assert in_order(["zzz", "fdr", "pairs"]) == ["pairs", "fdr", "zzz"]
    assert describe_pictures(["fdr"]).startswith("fdr.png: Traits called")


@pytest.mark.filterwarnings("ignore:.*pi0")
def test_one_chromosome_without_linkage(tmp_path):
    """Nothing is called, and every picture still says something."""
    made = crossmap.simulate_cross(
        n_samples=60, n_traits=120, n_markers=30, seed=2, chromosome_lengths_bp={"chrI": 400_000},
        trait_model=TraitModel(n_loci_shares=(1.0,)),
    )  # fmt: skip
    joint = crossmap.joint_linkage(made.cross, n_perm=2)
    assert not len(joint.called(0.01))
    for name, write, result, options in (
        ("joint", write_joint, joint, {"fdr": 0.01}),
        ("scan1", write_scan1, crossmap.scan1(made.cross, threshold=1e-9), {}),
    ):
        (tmp_path / name).mkdir()
        write(result, made.cross, tmp_path / name, **options)
        text = check(tmp_path / name)
        assert "The table has no rows." in text
        assert "<figcaption></figcaption>" not in text
