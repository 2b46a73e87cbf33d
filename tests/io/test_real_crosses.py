"""Real crosses through every writer and back: nothing changes but what the writer warns of."""

import warnings

import numpy as np
import pytest
from same import assert_same_data

from crossmap.errors import CrossmapWarning
from crossmap.io.matrixeqtl import read_matrixeqtl, write_matrixeqtl
from crossmap.io.read import read_cross
from crossmap.io.rqtl import read_rqtl, write_rqtl
from crossmap.io.rqtl2 import write_rqtl2
from crossmap.io.tensorqtl import write_bed

MOUSE = {"CC": "CC", "CB": "CB", "BB": "BB", "not CC": "NA"}
CROSSES = {
    "grav2": ("qtl2/grav2.zip", {}),
    "listeria": ("rqtl/rqtl_listeria.csv", {"crosstype": "f2", "codes": MOUSE}),
    "fakebc": ("rqtl/rqtl_fakebc.csv", {"crosstype": "bc"}),
    "yeast_sub": ("rqtl/rqtl_yeast_sub.csv", {"crosstype": "haploid"}),
}
LETTERS = {"f2": "AHB", "bc": "AH"}


@pytest.fixture(params=CROSSES)
def cross(request, shared):
    path, options = CROSSES[request.param]
    return read_cross(shared / "oracles" / path, **options)


def test_rqtl2(cross, tmp_path):
    write_rqtl2(cross, tmp_path)
    assert_same_data(read_cross(tmp_path), cross)


def test_rqtl_csv(cross, tmp_path):
    path, lost = written(write_rqtl, cross, tmp_path)
    back = read_rqtl(
        path,
        crosstype=cross.crosstype,
        codes=dict(zip(LETTERS.get(cross.crosstype, "AB"), cross.genotype_names, strict=True)),
        covariates=list(cross.covariates),
    )
    assert_same_data(back, cross, but=["description"] if "description" in lost else [])


def test_matrix_eqtl(cross, tmp_path):
    _, lost = written(write_matrixeqtl, cross, tmp_path)
    covariates = tmp_path / "Covariates.txt"
    back = read_matrixeqtl(
        tmp_path / "SNP.txt",
        traits=tmp_path / "GE.txt",
        markers=tmp_path / "snpsloc.txt",
        covariates=covariates if covariates.exists() else None,
        position_unit="cm",
        crosstype=cross.crosstype,
        codes={str(i): name for i, name in enumerate(cross.genotype_names)},
    )
    but = [field for field in ("description", "covariates") if field in lost]
    assert_same_data(back, cross, but=but)


def test_yeast_as_matrix_eqtl(yeast, tmp_path):
    _, lost = written(write_matrixeqtl, yeast, tmp_path)
    assert lost == "Matrix eQTL's files cannot hold the direction of genes; not written"
    back = read_cross(tmp_path, crosstype="haploid", codes={"0": "BY", "1": "RM"})
    assert_same_data(back, yeast, but=["trait_table"])
    ends = ["start_bp", "end_bp"]
    np.testing.assert_array_equal(back.trait_table[ends], np.sort(yeast.trait_table[ends], axis=1))
    assert back.trait_table["chr"].tolist() == yeast.trait_table["chr"].tolist()


def test_yeast_as_bed_and_plink(yeast, tmp_path):
    pytest.importorskip("bed_reader")
    _, lost = written(write_bed, yeast, tmp_path)
    assert lost == "BED cannot hold fractions of a base pair; not written"
    back = read_cross(tmp_path, crosstype="haploid", codes={"AA": "BY", "BB": "RM"})
    assert_same_data(back, yeast, but=["markers"])
    assert back.markers["marker"].tolist() == yeast.markers["marker"].tolist()
    apart = np.abs(back.markers["pos_bp"] - yeast.markers["pos_bp"])
    assert ((apart == 0) | (apart == 0.5)).all()


def written(write, cross, folder):
    """What the writer returns, and what it says is lost."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CrossmapWarning)
        returned = write(cross, folder)
    return returned, " ".join(str(warning.message) for warning in caught)
