"""Sequential search on genotype probabilities: least squares, one model at a time."""

from dataclasses import replace

import numpy as np
import pytest
from genotyped import awkward_cross, with_traits

from crossmap import explain, fit, genotype_probabilities, joint_linkage, simulate_cross
from crossmap.errors import ArgumentError, DataError
from crossmap.execution import Execution
from crossmap.genotypes.loci import distinct_loci
from crossmap.genotypes.probable_loci import probable_loci
from crossmap.linkage.curves import lod_curves
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.probability_search import next_probable_locus, probability_search
from crossmap.linkage.probability_stage import eligible
from crossmap.linkage.sequential import sequential_search
from crossmap.linkage.stages import SearchOptions

CROSSTYPES = ("haploid", "riself", "risib", "bc", "f2")


def rss_rank(y, columns):
    solution, _, rank, _ = np.linalg.lstsq(columns, y, rcond=1e-9)
    return ((y - columns @ solution) ** 2).sum(), rank


def naive_model(loci, chosen, full):
    """All columns of the model of some loci."""
    n = loci.genotypes.shape[1]
    columns = [np.ones(n), *(np.where(loci.group == g, 1.0, 0.0) for g in range(loci.n_groups))]
    if not loci.on_x.any():
        columns = columns[:1]

    def main(locus):
        p, x = loci.probability[:, locus], loci.on_x[locus] and loci.n_groups > 1
        if not x:
            return list(p[1:])
        dosage = np.arange(len(p)) @ p
        return [np.where(loci.group == g, dosage, 0.0) for g in range(loci.n_groups)]

    def factors(locus):
        """Genotypes on X are other ones in every group."""
        is_split = loci.on_x[locus] and loci.n_groups > 1
        return main(locus) + [1.0 * (loci.group == g) for g in range(loci.n_groups) if is_split]

    for number, locus in enumerate(chosen):
        columns += main(locus)
        for other in chosen[:number] if full else ():
            one, two = (factors, factors) if loci.on_x[other] != loci.on_x[locus] else (main, main)
            columns += [a * b for a in one(other) for b in two(locus)]
    return np.column_stack(columns)


@pytest.mark.parametrize("crosstype", CROSSTYPES)
@pytest.mark.parametrize("model", ["full", "additive"])
def test_every_locus_by_least_squares(crosstype, model):
    cross = with_traits(awkward_cross(crosstype, n_samples=150, n_markers=24))
    loci = probable_loci(genotype_probabilities(cross, step=5.0, error_prob=0.01), cross)
    options = SearchOptions(n_loci=3 if crosstype == "haploid" else 2, n_perm=2, model=model)
    search = probability_search(cross.traits, loci, names=cross.trait_names, options=options)
    for number, stage in enumerate(search.stages):
        for t, y in enumerate(cross.traits):
            chosen = tuple(search.locus[t, :number])
            if t == 3:
                assert stage.locus[t] == -1
                continue
            before, rank_before = rss_rank(y, naive_model(loci, chosen, model == "full"))
            curve = lod_curves(
                y[None], loci, np.array([chosen], dtype=np.int64).reshape(1, -1), options=options
            )[0]
            best = (-1.0, None)
            for j in np.flatnonzero(~np.isnan(curve)):
                after, rank = rss_rank(y, naive_model(loci, (*chosen, j), model == "full"))
                lod = len(y) / 2 * np.log10(before / after)
                np.testing.assert_allclose(curve[j], lod, atol=1e-7)
                f = ((before - after) / (rank - rank_before)) / (after / (len(y) - rank))
                p = float(neglog10_p(f, rank - rank_before, len(y) - rank))
                if p > best[0] * (1 + 1e-9):
                    best = (p, j, f, rank - rank_before, len(y) - rank, before, after)
            _, j, f, df1, df2, before, after = best
            assert stage.locus[t] == j
            np.testing.assert_allclose(stage.f[t], f, rtol=1e-7)
            assert (stage.df1[t], stage.df2[t]) == (df1, df2)
            np.testing.assert_allclose(stage.rss_before[t], before, rtol=1e-9)
            np.testing.assert_allclose(stage.rss_after[t], after, rtol=1e-7)


@pytest.mark.parametrize("variance", ["common", "cell"])
@pytest.mark.parametrize("model", ["full", "additive"])
def test_certain_genotypes_give_the_search_of_calls(model, variance):
    cross = simulate_cross(n_samples=90, n_markers=200, n_traits=40, seed=3).cross
    calls = distinct_loci(cross)
    loci = probable_loci(genotype_probabilities(cross, error_prob=0.0), cross)
    options = SearchOptions(n_perm=3, model=model, variance=variance)
    ours = probability_search(cross.traits, loci, names=cross.trait_names, options=options)
    theirs = sequential_search(cross.traits, calls, names=cross.trait_names, options=options)
    for one, other in zip(ours.stages, theirs.stages, strict=True):
        assert one.neglog10_p_null is None
        same = calls.locus_of_marker[one.locus] == other.locus
        assert same.mean() > 0.9  # else small cells: split or not
        np.testing.assert_allclose(one.f[same], other.f[same], rtol=1e-9)
        close = np.isclose(one.f_null[same], other.f_null[same], rtol=1e-9)
        # Cells of a few samples make a locus ineligible here, and stay whole there.
        assert close.mean() > 0.9


def weighted_columns(loci, y, chosen, columns, *, min_cell=3):
    """Rows of least squares in which cells have variances of their own: y, columns, weights."""
    before = naive_model(loci, chosen, full=True)
    left = y - before @ np.linalg.lstsq(before, y, rcond=1e-9)[0]
    label = np.zeros(len(y), dtype=int)
    for locus in chosen:
        label = 10 * label + loci.genotypes[locus]
    size = {g: (label == g).sum() for g in set(label)}
    label = np.array([g if size[g] >= 2 * min_cell else -1 for g in label])
    if 0 < (label < 0).sum() < 2 * min_cell:
        label[label < 0] = max(size, key=size.get)
    root = np.zeros(len(y))
    for g in set(label):
        root[label == g] = 1 / np.std(left[label == g], ddof=1)
    return y * root, columns * root[:, None]


@pytest.mark.parametrize("crosstype", CROSSTYPES)
def test_variances_by_cell_are_weights_of_least_squares(crosstype):
    cross = with_traits(awkward_cross(crosstype, n_samples=150, n_markers=24))
    loci = probable_loci(genotype_probabilities(cross, step=5.0, error_prob=0.01), cross)
    cross.traits[4] *= np.where(loci.genotypes[3] == 0, 0.3, 2.0)
    options = SearchOptions(n_perm=0, variance="cell")
    search = probability_search(cross.traits, loci, names=cross.trait_names, options=options)
    first, second = search.stages
    plain = probability_search(
        cross.traits, loci, names=cross.trait_names, options=SearchOptions(n_perm=0)
    )
    np.testing.assert_array_equal(first.f, plain.stages[0].f)
    differ = 0
    for t, y in enumerate(cross.traits):
        if t == 3:
            continue
        chosen = (int(first.locus[t]),)
        j = int(second.locus[t])
        models = [naive_model(loci, chosen, True), naive_model(loci, (*chosen, j), True)]
        rss, ranks = zip(
            *(rss_rank(*weighted_columns(loci, y, chosen, model)) for model in models), strict=True
        )
        df1, df2 = ranks[1] - ranks[0], len(y) - ranks[1]
        assert (second.df1[t], second.df2[t]) == (df1, df2)
        np.testing.assert_allclose(second.rss_before[t], rss[0], rtol=1e-8)
        np.testing.assert_allclose(second.rss_after[t], rss[1], rtol=1e-7)
        f = (rss[0] - rss[1]) / df1 / (rss[1] / df2)
        np.testing.assert_allclose(second.f[t], f, rtol=1e-6)
        curve = lod_curves(y[None], loci, np.array([chosen]), options=options)[0]
        np.testing.assert_allclose(curve[j], len(y) / 2 * np.log10(rss[0] / rss[1]), rtol=1e-7)
        differ += abs(f / plain.stages[1].f[t] - 1) > 1e-3
    assert differ >= 3


@pytest.mark.parametrize("variance", ["common", "cell"])
def test_threads_order_and_company_change_nothing(variance):
    cross = with_traits(awkward_cross("f2", n_samples=120, n_markers=30), n_traits=12)
    cross.traits[5, :7] = np.nan
    loci = probable_loci(genotype_probabilities(cross), cross)
    options = SearchOptions(n_perm=3, variance=variance)
    one = probability_search(cross.traits, loci, names=cross.trait_names, options=options)
    back = probability_search(
        cross.traits[::-1], loci, names=cross.trait_names[::-1], options=options,
        execution=Execution(threads=4),
    )  # fmt: skip
    for a, b in zip(one.stages, back.stages, strict=True):
        assert np.array_equal(a.locus, b.locus[::-1])
        assert np.array_equal(a.f, b.f[::-1], equal_nan=True)
        assert np.array_equal(a.f_null, b.f_null[::-1], equal_nan=True)
        assert a.neglog10_p_null is not None  # X has other degrees of freedom
    shifted = probability_search(
        3.0 - 2.0 * cross.traits, loci, names=cross.trait_names, options=options
    )
    for a, b in zip(one.stages, shifted.stages, strict=True):
        np.testing.assert_allclose(a.f, b.f, rtol=1e-6)


@pytest.mark.parametrize("variance", ["common", "cell"])
@pytest.mark.parametrize("crosstype", ["riself", "bc", "f2"])
def test_a_trait_alone_has_the_same_bytes(crosstype, variance):
    """Statistics and their nulls do not depend on what is searched beside a trait, nor where."""
    cross = with_traits(awkward_cross(crosstype, n_samples=151, n_markers=30), n_traits=24)
    cross.traits[[5, 9], :7] = np.nan
    loci = probable_loci(genotype_probabilities(cross), cross)
    options = SearchOptions(n_perm=4, variance=variance)

    def search(rows, threads=1):
        names = [cross.trait_names[t] for t in rows]
        return probability_search(
            cross.traits[rows], loci, names=names, options=options,
            execution=Execution(threads=threads),
        )  # fmt: skip

    whole = search(range(24))
    alone = [[t] for t in range(0, 24, 2) if (whole.locus[t] >= 0).all()]
    assert len(alone) > 8
    others = [range(24)[::-1], range(11), *alone]
    for rows, found in [(range(24), search(range(24), 2)), *((r, search(r)) for r in others)]:
        for one, other in zip(whole.stages, found.stages, strict=True):
            for name in ("locus", "df1", "df2", "f", "f_null", "rss_before", "rss_after"):
                mine, theirs = getattr(one, name)[list(rows)], getattr(other, name)
                np.testing.assert_array_equal(mine, theirs, err_msg=f"{name}, traits {list(rows)}")


@pytest.mark.parametrize("crosstype", CROSSTYPES)
def test_joint_linkage_of_every_cross_type(crosstype):
    cross = with_traits(awkward_cross(crosstype, n_samples=120, n_markers=30), n_traits=125)
    joint = joint_linkage(cross, genotype_probabilities=True, step=4.0, n_perm=3)
    table = joint.to_frame()
    assert len(table) == 125
    assert joint.significance[0].p_value[0] < 0.02  # a trait with two loci
    names = set(genotype_probabilities(cross, step=4.0).positions["marker"])
    assert set(table["locus1"].dropna()) <= names
    assert joint.summary()["genotype_probabilities"] is True
    assert joint.summary()["step"] == 4.0


@pytest.mark.parametrize("variance", ["common", "cell"])
def test_nulls_hold_where_there_is_nothing(variance):
    """P-values of traits without any locus are uniform: F2 with sexes and directions."""
    cross = awkward_cross("f2", n_samples=120, n_markers=24)
    rng = np.random.default_rng(8)
    values = rng.normal(size=(400, 120)) + 3.0 * (cross.covariates["sex"] == "male").to_numpy()
    loci = probable_loci(genotype_probabilities(cross), cross)
    names = [f"t{i}" for i in range(400)]
    options = SearchOptions(n_perm=5, variance=variance)
    search = probability_search(values, loci, names=names, options=options)
    for stage in search.stages:
        observed = neglog10_p(stage.f, stage.df1, stage.df2)
        p = (stage.neglog10_p_null >= observed[:, None]).mean(axis=1)
        pooled = (
            np.searchsorted(np.sort(-stage.neglog10_p_null.ravel()), -observed, side="right")
            / stage.neglog10_p_null.size
        )
        assert abs(p.mean() - 0.5) < 0.06
        assert abs((pooled <= 0.05).mean() - 0.05) < 0.04


def test_what_cannot_be_asked():
    cross = with_traits(awkward_cross("f2", n_samples=40, n_markers=12))
    with pytest.raises(ArgumentError, match="step: expected 0 without genotype_probabilities"):
        joint_linkage(cross, step=1.0)
    with pytest.raises(DataError, match=r"two genotypes per locus .*genotype_probabilities"):
        joint_linkage(cross)
    with pytest.raises(DataError, match=r"eligible as number 1 .*expected in every genotype"):
        joint_linkage(cross, genotype_probabilities=True, min_cell=30)


def test_cells_of_their_own_variance_make_the_second_null_pivotal():
    """Noise of 1:16 in the genotypes of the first locus: whose own nulls pass the pooled 2%?"""
    cross = simulate_cross(
        n_samples=100, n_markers=80, n_traits=120, crosstype="f2", n_parent_replicates=0, seed=4
    ).cross
    cross.genotypes[np.random.default_rng(1).random(cross.genotypes.shape) < 0.1] = -1
    loci = probable_loci(genotype_probabilities(cross), cross)
    rng = np.random.default_rng(2)
    first = loci.genotypes[rng.integers(0, len(loci), 120)]
    unequal = np.arange(120) % 2 == 0
    noise = rng.normal(size=first.shape)
    values = 4.0 * first + noise * np.where(unequal[:, None] & (first == 0), 4.0, 1.0)
    names = [f"t{i}" for i in range(120)]
    share = {}
    for variance in ("common", "cell"):
        options = SearchOptions(n_perm=20, variance=variance)
        search = probability_search(values, loci, names=names, options=options)
        null = search.stages[1].f_null
        share[variance] = (null > np.nanquantile(null, 0.98))[unequal].mean()
    # Of 2%; 1,200 nulls: standard error 0.4%.
    assert share["common"] > 0.03
    assert share["cell"] < 0.03


@pytest.mark.parametrize("crosstype", ["haploid", "f2"])
def test_strongest_interaction_by_least_squares(crosstype):
    cross = with_traits(awkward_cross(crosstype, n_samples=150, n_markers=24))
    loci = probable_loci(genotype_probabilities(cross, error_prob=0.01), cross)
    names, y = cross.trait_names, cross.traits
    options = SearchOptions(n_loci=1, n_perm=0, other_chromosome=True)
    first = probability_search(y, loci, names=names, options=options).stages[0].locus
    stage = next_probable_locus(
        y, loci, names=names, chosen=first[:, None], options=options, interaction=True
    )
    barred = np.where(first < 0, -1, loci.chr_index[first])
    second = next_probable_locus(
        y, loci, names=names, chosen=np.empty((len(y), 0), dtype=np.int64), options=options,
        barred_chromosome=barred,
    )  # fmt: skip
    for t in (0, 1, 2, 4, 5):
        j = int(stage.locus[t])
        full, rank = rss_rank(y[t], naive_model(loci, (first[t], j), True))
        additive, rank_before = rss_rank(y[t], naive_model(loci, (first[t], j), False))
        df1, df2 = rank - rank_before, len(y[t]) - rank
        assert (stage.df1[t], stage.df2[t]) == (df1, df2)
        np.testing.assert_allclose(stage.rss_before[t], additive, rtol=1e-8)
        f = ((additive - full) / df1) / (full / df2)
        np.testing.assert_allclose(stage.f[t], f, rtol=1e-6)
        best = float(neglog10_p(f, df1, df2))
        for k in range(len(loci)):
            if loci.chr_index[k] == loci.chr_index[first[t]]:
                continue
            full, rank = rss_rank(y[t], naive_model(loci, (first[t], k), True))
            additive, rank_before = rss_rank(y[t], naive_model(loci, (first[t], k), False))
            if rank > rank_before:
                f = ((additive - full) / (rank - rank_before)) / (full / (len(y[t]) - rank))
                p = float(neglog10_p(f, rank - rank_before, len(y[t]) - rank))
                assert p <= best * (1 + 1e-9) or k not in np.flatnonzero(
                    eligible(loci, (int(first[t]),), min_cell=3, is_full=True)
                )
        assert loci.chr_index[second.locus[t]] != barred[t]


def with_alleles_exchanged(loci, where):
    """The same loci, those at `where` with their alleles counted from the other end."""
    flip = np.zeros(len(loci), dtype=bool)
    flip[where] = True
    return replace(
        loci,
        probability=np.where(flip[:, None], loci.probability[::-1], loci.probability),
        genotypes=np.where(
            flip[:, None], len(loci.probability) - 1 - loci.genotypes, loci.genotypes
        ).astype(loci.genotypes.dtype),
    )


@pytest.mark.parametrize("variance", ["common", "cell"])
@pytest.mark.parametrize("crosstype", ["bc", "f2"])
def test_which_allele_is_counted_changes_nothing(crosstype, variance):
    """On autosomes or X, where one locus of a pair is on either."""
    cross = with_traits(awkward_cross(crosstype, n_samples=150, n_markers=24), n_traits=8)
    loci = probable_loci(genotype_probabilities(cross, error_prob=0.01), cross)
    x = np.flatnonzero(loci.on_x)
    number, male = loci.genotypes.astype(float), cross.covariates["sex"] == "male"
    cross.traits[6] += 2.0 * number[x[3]] * male + number[5] * (2 * male - 1.0)
    cross.traits[7] += 2.0 * number[4] + 1.5 * number[x[2]] * (number[4] == 1)
    names, rows = cross.trait_names, np.arange(len(loci))
    options = SearchOptions(n_perm=3, variance=variance)
    one = probability_search(cross.traits, loci, names=names, options=options)
    first, second = (loci.on_x[stage.locus] for stage in one.stages)
    assert (first & ~second).any()
    assert (second & ~first).any()
    for where in (x, np.flatnonzero(~loci.on_x), rows):
        changed = with_alleles_exchanged(loci, where)
        other = probability_search(cross.traits, changed, names=names, options=options)
        for a, b in zip(one.stages, other.stages, strict=True):
            assert np.array_equal(a.locus, b.locus)
            assert np.array_equal(a.df1, b.df1)
            assert np.array_equal(a.df2, b.df2)
            np.testing.assert_allclose(a.f, b.f, rtol=1e-8)
            np.testing.assert_allclose(a.f_null, b.f_null, rtol=1e-8)
            np.testing.assert_allclose(a.neglog10_p_null, b.neglog10_p_null, rtol=1e-8)
        chosen = one.stages[0].locus[:, None]
        curves = [lod_curves(cross.traits, own, chosen, options=options) for own in (loci, changed)]
        np.testing.assert_allclose(*curves, atol=1e-8)


@pytest.mark.parametrize("crosstype", ["bc", "f2"])
def test_the_search_and_the_fit_of_what_it_chose_agree(crosstype):
    """Locus 2 given locus 1, one of them on X: F, degrees of freedom and p-value."""
    cross = with_traits(awkward_cross(crosstype, n_samples=150, n_markers=24), n_traits=8)
    loci = probable_loci(genotype_probabilities(cross, error_prob=0.01), cross)
    x = np.flatnonzero(loci.on_x)
    number, male = loci.genotypes.astype(float), cross.covariates["sex"] == "male"
    cross.traits[6] += 2.0 * number[x[3]] * male + number[5] * (2 * male - 1.0)
    cross.traits[7] += 2.0 * number[4] + 1.5 * number[x[2]] * (number[4] == 1)
    search = probability_search(
        cross.traits, loci, names=cross.trait_names, options=SearchOptions(n_perm=0)
    )
    one, two = search.stages
    is_mixed = loci.on_x[one.locus] != loci.on_x[two.locus]
    assert is_mixed[[6, 7]].all()
    for t in np.flatnonzero(is_mixed & (two.locus >= 0)):
        names = [loci.names[stage.locus[t]] for stage in (one, two)]
        found = fit(
            cross, cross.trait_names[t], names, genotype_probabilities=True, error_prob=0.01
        )
        row = found.drop_one.set_index("term").loc["Q2"]
        assert row["df"] == two.df1[t]
        assert found.anova["df"].iloc[1] == two.df2[t]
        np.testing.assert_allclose(row["f"], two.f[t], rtol=1e-7)
        p = neglog10_p(two.f[t], two.df1[t], two.df2[t])
        np.testing.assert_allclose(row["neglog10_p_f"], p, rtol=1e-7)
        shown = explain(
            cross, cross.trait_names[t], *names, n_perm=9, variance="common", exclude_r2=None,
            genotype_probabilities=True, error_prob=0.01,
        ).steps  # fmt: skip
        for step, stage in zip(shown.itertuples(), search.stages, strict=True):
            assert (step.df1, step.df2) == (stage.df1[t], stage.df2[t])
            np.testing.assert_allclose(step.f, stage.f[t], rtol=1e-12)
