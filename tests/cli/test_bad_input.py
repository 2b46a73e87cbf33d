"""Everything that is known to go wrong with input: a tiny file, the line that answers it, status 3.

What is only untidy is read: status 0, and the line says what was done.
"""

import gzip
import io
import json
import zipfile

import pytest
from small_files import PLAIN, RQTL2, SAMPLES

OPTIONS = ["--crosstype", "haploid", "--codes", "1=A,2=B"]
HEADER = "\t".join(SAMPLES)
CSV = "\n".join(
    ["t1,id,m1,m2", ",,1,1", ",,0,12.5", *(f"{i}.5,{s},{'AB'[i % 2]},A" for i, s in
                                          enumerate(SAMPLES))]
)  # fmt: skip


def plain(name, old, new):
    """One of the plain tables, with one text in place of another."""
    assert old in PLAIN[name]
    return {f"{name}.tsv": PLAIN[name].replace(old, new)}


def rqtl2(name, old, new):
    assert old in RQTL2[name]
    return {name: RQTL2[name].replace(old, new)}


def turned(text, delimiter="\t"):
    rows = [line.split(delimiter) for line in text.splitlines()]
    return "".join(delimiter.join(cells) + "\n" for cells in zip(*rows, strict=True))


def zipped(extra):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (RQTL2 | extra).items():
            archive.writestr(name, text)
    return {"cross.zip": buffer.getvalue()}


def scaled_map(factor):
    rows = [f"m{i},1,{1.5 * i * factor!r}" for i in range(1, 10)]
    return "marker,chr,pos\n" + "\n".join(rows) + "\n"


NINE = {
    "geno.csv": "id," + ",".join(f"m{i}" for i in range(1, 10)) + "\n"
    + "".join(f"{s},{','.join('LC'[(i + j) % 2] for j in range(9))}\n" for i, s in
              enumerate(SAMPLES)),
    "cross.yaml": RQTL2["cross.yaml"].replace("gmap: gmap.csv\n", ""),
}  # fmt: skip

# Case -> files, the line on stderr ({} for the folder), status. A case whose files hold cross.yaml
# or a table of its folder is read as such; cross.zip, cross.csv and plain tables likewise.
REFUSED = {
    "missing file": ({"traits.tsv": None}, "traits.tsv: expected a file, found none of this name"),
    "empty file": ({"traits.tsv": ""}, "traits.tsv: expected a table, found an empty file"),
    "ragged row": (plain("traits", "\t7\t8\nt2", "\t7\nt2"),
                   "traits.tsv, line 2: expected 9 cells as in the header, found 8"),
    "non-numeric cell": (plain("traits", "-2e-3", "low"),
                         "traits.tsv, line 3, column s2: expected a number, found 'low'"),
    "duplicate row names": (plain("traits", "\nt2", "\nt1"), "traits.tsv, line 3: expected each "
                            "row name once, found 't1' again (first in line 2)"),
    "duplicate column names": (plain("genotypes", "s5", "s2"), "genotypes.tsv, line 1, column 6: "
                               "expected each column name once, found 's2' again (first in "
                               "column 3)"),
    "no samples in common": ({"traits.tsv": "trait\tx1\tx2\nt1\t1\t2\n"}, "genotypes.tsv and "
                             "traits.tsv: expected samples in common, found none ('s1', 's2', ... "
                             "against 'x1', 'x2')"),
    "a code not allowed for the cross type": (
        plain("genotypes", "m1\t1", "m1\tx"),
        "genotypes.tsv, line 2, column s1: expected one of 1, 2, found 'x'"),
    "infinite values": (plain("traits", "8.5", "Inf"), "traits.tsv, line 3, column s8: expected a "
                        "finite number, found 'Inf'"),
    "fewer than 8 samples": (plain("traits", "s8", "x9"), "genotypes.tsv and traits.tsv: expected "
                             "8 or more samples in common, found 7"),
    "wrong separator: semicolons": (
        {"markers.tsv": PLAIN["markers"].replace("\t", ";")}, "markers.tsv, line 1: expected a "
        "header of two or more cells separated by tabs or commas, found semicolons in "
        "'marker;chr;pos_bp'"),
    "wrong separator: spaces": (
        {"markers.tsv": PLAIN["markers"].replace("\t", " ")}, "markers.tsv, line 1: expected a "
        "header of two or more cells separated by tabs or commas, found spaces in "
        "'marker chr pos_bp'"),
    "wrong separator: tabs": ({"geno.csv": RQTL2["geno.csv"].replace(",", "\t")}, "geno.csv, line "
                              "1: expected a header of two or more cells separated by commas, "
                              "found tabs in 'id\\tm1\\tm2\\tm3'"),
    "header one short": (plain("genotypes", "marker\t", ""), "genotypes.tsv, line 1: expected 9 "
                         "cells as in every row below, found 8 (the first cell heads the row "
                         "names)"),
    "header one long": (plain("traits", "trait\t", "trait\tx\t"), "traits.tsv, line 1: expected 9 "
                        "cells as in every row below, found 10 (the first cell heads the row "
                        "names)"),
    "utf-16": ({"traits.tsv": PLAIN["traits"].encode("utf-16")},
               "traits.tsv: expected UTF-8 text, found UTF-16; save it as UTF-8"),
    "latin-1": ({"traits.tsv": PLAIN["traits"].replace("t2", "tä").encode("latin-1")},
                "traits.tsv, line 3: expected UTF-8 text, found the byte 0xe4"),
    "an unclosed quote": (plain("traits", "t1\t", '"t1\t'), "traits.tsv, line 2: expected 9 cells "
                          "as in the header, found 1 (is a quote not closed?)"),
    "a truncated gzip": ({"traits.tsv": gzip.compress(PLAIN["traits"].encode())[:-9]},
                         "traits.tsv: expected a whole gzip file, found one that is cut short"),
    "a gzip bomb": ({"traits.tsv": gzip.compress(bytes(1 << 26))}, "traits.tsv: expected at most "
                    "32 MB once unpacked, found more (a damaged file; if it is sound, unpack it "
                    "first)"),
    "a zip with a path outside its folder": (
        zipped({"../geno.csv": "x"}),
        "cross.zip: expected members inside its own folder, found '../geno.csv'"),
    "a zip bomb": (zipped({"zeros": "\0" * (1 << 26)}), "cross.zip: expected at most 32 MB once "
                   "unpacked, found more (a damaged file; if it is sound, unpack it first)"),
    "an absolute path in a control file": (
        rqtl2("cross.yaml", "geno.csv", "/etc/passwd"), "cross.yaml, line 3: expected geno: a file "
        "in the folder of this one, found /etc/passwd"),
    "a path out of the folder in a control file": (
        rqtl2("cross.yaml", "geno.csv", "../geno.csv"), "cross.yaml, line 3: expected geno: a file "
        "in the folder of this one, found ../geno.csv"),
    "f2 codes in a two-genotype cross: plain": (
        plain("genotypes", "m1\t1", "m1\t3"), "genotypes.tsv, line 2, column s1: expected one of "
        "1, 2, found '3' (1, 2, 3 are three genotypes, as of crosstype f2; a code named NA is read "
        "as missing)"),
    "f2 codes in a two-genotype cross: control file": (
        rqtl2("cross.yaml", "C: 2", "C: 3"), "geno.csv, line 2, column m1: expected one of L "
        "(riself has genotypes 1 and 2, an F2 1 to 3: of C: 3 the second homozygote should have 2, "
        "heterozygotes 0 for missing), found 'C'"),
    "f2 codes in a two-genotype cross: csv": (
        {"cross.csv": CSV.replace("s3,A", "s3,H")}, "cross.csv, line 6, column m1: expected one of "
        "A, B, found 'H' (A, B, H are three genotypes, as of crosstype f2; a code named NA is read "
        "as missing)"),
    "decimal commas": (plain("traits", "8.5", "8,5"), "traits.tsv, line 3, column s8: expected a "
                       "number, found '8,5' (decimal commas? Write 8.5)"),
    "decimal commas between commas": (
        {"pheno.csv": "id,t1\n" + "".join(f"{s},{i},5\n" for i, s in enumerate(SAMPLES))},
        "pheno.csv, line 2: expected 2 cells as in the header, found 3 (are there decimal commas? "
        "Write decimal points)"),
    "sample names that differ by case": (
        {"traits.tsv": PLAIN["traits"].replace("s", "S")}, "genotypes.tsv and traits.tsv: expected "
        "samples in common, found none ('s1', 's2', ... against 'S1', 'S2', ...; 's1' and 'S1' "
        "look alike but for case, spaces, punctuation or zeros (so do 7 more))"),
    "a table given transposed": (
        {"genotypes.tsv": turned(PLAIN["genotypes"])}, "genotypes.tsv and traits.tsv: expected "
        "samples in common, found none ('m1', 'm2', ... against 's1', 's2', ...; rows and columns "
        "of genotypes.tsv look exchanged)"),
    "a map given transposed": (
        {"markers.tsv": turned(PLAIN["markers"])}, "markers.tsv, line 1: expected a column chr, "
        "found it as a row: exchange rows and columns"),
    "a transposed table of a control file": (
        {"geno.csv": turned(RQTL2["geno.csv"], ",")}, "geno.csv and pheno.csv: expected samples in "
        "common, found none ('m1', 'm2', ... against 's1', 's2', ...; rows and columns of geno.csv "
        "look exchanged)"),
    "a truncated zip": ({"cross.zip": zipped({})["cross.zip"][:-30]},
        "cross.zip: expected a whole zip file, found one that is cut short"),
    "no zip": ({"cross.zip": "id,m1\n"},
        "cross.zip: expected a whole zip file, found something else"),
    "a table that a control file names": ({"pheno.csv": None},
        "pheno.csv: expected a file, found none of this name"),
    "rows promised": ({"geno.csv": "# nrow 9\n" + RQTL2["geno.csv"]},
        "geno.csv: expected 9 rows as its comment lines say, found 8"),
    "a key twice": (rqtl2("cross.yaml", "gmap: gmap", "geno: gmap"),
        "cross.yaml, line 4: expected each key once, found 'geno' again (first in line 3)"),
    "a control file of nothing": ({"cross.yaml": "- a\n"},
        "cross.yaml: expected keys and values, found something else"),
    "utf-16 control file": ({"cross.yaml": RQTL2["cross.yaml"].encode("utf-16")},
        "cross.yaml: expected UTF-8 text, found UTF-16; save it as UTF-8"),
    "utf-16 csv": ({"cross.csv": CSV.encode("utf-16-le")},
        "cross.csv: expected UTF-8 text, found UTF-16; save it as UTF-8"),
    "a ragged csv": ({"cross.csv": CSV.replace("s3,A,A", "s3,A")},
        "cross.csv, line 6: expected 4 cells as in the header, found 3"),
    "a csv without chromosomes": ({"cross.csv": CSV.replace(",,1,1", ",,1,")},
        "cross.csv, line 2, column m2: expected a chromosome, found ''"),
    "a csv of semicolons": ({"cross.csv": CSV.replace(",", ";")},
        "cross.csv, line 1: expected a header of two or more cells separated by tabs or "
        "commas, found semicolons in 't1;id;m1;m2'"),
    "a csv of decimal commas": ({"cross.csv": CSV.replace("3.5,", '"3,5",')},
        "cross.csv, line 7, column t1: expected a number, found '3,5' (decimal commas? "
        "Write 3.5)"),
    "no cross type": (rqtl2("cross.yaml", "crosstype: riself\n", ""), "cross.yaml: expected "
                      "crosstype: one of haploid, dh, riself, risib, bc, f2, found none"),
    "a url": ({"traits.tsv": "url"}, "https://example.org/traits.tsv: expected a file on this "
              "machine, found a URL; download it"),
    "another kind of file": ({"cross.xlsx": "PK"}, "cross.xlsx: expected an R/qtl2 control file "
                             "(.yaml, .yml, .json), a .zip of one, R/qtl's .csv, an .rda file, or "
                             "a folder, found a file that ends in '.xlsx'"),
}  # fmt: skip

MARKS = b"\xef\xbb\xbf"
# Case -> files, what stderr says (nothing if empty), what stdout says.
READ = {
    "a byte-order mark": ({"traits.tsv": MARKS + PLAIN["traits"].encode()}, "", "8 samples"),
    "windows line ends": ({f"{n}.tsv": t.replace("\n", "\r\n") for n, t in PLAIN.items()}, "",
                          "8 samples, 3 markers"),
    "quotes": ({"traits.tsv": "\n".join("\t".join(f'"{c}"' for c in line.split("\t"))
                                        for line in PLAIN["traits"].splitlines())}, "", "2 traits"),
    "yaml keys read as booleans or numbers": (
        {"cross.yaml": RQTL2["cross.yaml"].replace("L: 1", "NO: 1").replace("C: 2", "1e5: 2"),
         "geno.csv": RQTL2["geno.csv"].replace(",L", ",NO").replace(",C", ",1e5")}, "",
        "genotypes NO and 1e5"),
    "a byte-order mark in every file": (
        {n: MARKS + t.encode() for n, t in RQTL2.items()}, "", "2 traits (crosstype riself"),
    "windows line ends in every file": (
        {n: t.replace("\n", "\r\n") for n, t in RQTL2.items()}, "", "2 traits (crosstype riself"),
    "a csv with a byte-order mark, windows line ends and quotes": (
        {"cross.csv": MARKS + "\r\n".join(
            ",".join(f'"{c}"' for c in line.split(",")) for line in CSV.splitlines()
        ).encode()}, "", "8 samples, 2 markers on 1 chromosome, 1 trait"),
    "a csv that is csvr": ({"cross.csv": turned(CSV, ",")}, "", "8 samples, 2 markers"),
    "names that look like numbers": (
        {n: t.replace("s1", "007").replace("s2", "1e3") for n, t in RQTL2.items()}, "",
        "8 samples"),
    "unknown keys of a control file": (
        {"cross.yaml": RQTL2["cross.yaml"] + "genno: x.csv\n"},
        "cross.yaml: unknown keys are ignored: genno", ""),
    "kb given as bp": (
        {"genotypes.tsv": turned(NINE["geno.csv"], ",").replace(",", "\t").replace("L", "1")
         .replace("C", "2"),
         "markers.tsv": scaled_map(100).replace(",", "\t").replace("pos", "pos_bp")},
        "markers.tsv: positions end at 1350 bp: were they given in kilobases or megabases?", ""),
    "samples partly in common": (
        {"traits.tsv": "".join(f"{line}\t{end}\n" for line, end in
                               zip(PLAIN["traits"].splitlines(), ("s9", "1", "1"), strict=True))},
        "", "Left out, sample without genotypes: 1 (s9)."),
    "map not increasing": (
        plain("markers", "250.5", "50"),
        "1 marker stood out of map order; markers were sorted by chromosome and position", ""),
    "a chromosome in the map without markers": (
        {"markers.tsv": PLAIN["markers"] + "m9\t5\t7\n"}, "",
        "Note: chromosome 5 of the map has no marker with genotypes."),
    "markers in only one of genotypes and map": (
        {"markers.tsv": PLAIN["markers"].replace("m2", "x2")}, "",
        "Left out, marker without a place: 1 (m2). Left out, marker without genotypes: 1 (x2)."),
    "bp given as Mb": (
        {**NINE, "pmap.csv": scaled_map(1e6)},
        "pmap.csv: positions reach 1.35e+13 bp: were base pairs given where megabases are due "
        "(pmap of R/qtl2)?", "9 markers"),
    "kb given as Mb beside a genetic map": (
        {**NINE, "cross.yaml": RQTL2["cross.yaml"], "pmap.csv": scaled_map(1e3),
         "gmap.csv": scaled_map(1)},
        "gmap.csv: 13.5 cM stand beside 1.35e+10 bp, 0.001 cM per megabase: are both in their "
        "units?", ""),
    "dropped names that look alike": (
        {"markers.tsv": PLAIN["markers"].replace("m2", "M 2")},
        "1 markers were dropped though two files name them alike but for case, spaces, punctuation "
        "or zeros (the first: 'm2' and 'M 2')", ""),
    "an unlisted code, told to be lenient": (
        plain("genotypes", "m1\t1", "m1\tx") | {"--lenient": ""},
        "genotype cells that hold no code were read as missing: 1 (the first: genotypes.tsv, line "
        "2, column s1: expected one of 1, 2, found 'x')", "Missing: 1 genotype call"),
}  # fmt: skip


@pytest.fixture
def convert(cli, tmp_path, monkeypatch):
    """Write the files of a case among sound ones, into the current folder, and convert them."""
    monkeypatch.chdir(tmp_path)

    def convert(files):
        is_plain = any(name.endswith(".tsv") for name in files)
        sound = {f"{name}.tsv": text for name, text in PLAIN.items()} if is_plain else RQTL2
        flags = [name for name in files if name.startswith("--")]
        for name, content in (sound | files).items():
            if content is not None and name not in flags:
                data = content if isinstance(content, bytes) else content.encode()
                (tmp_path / name).write_bytes(data)
        whole = next((name for name in files if name.startswith("cross.")), "cross.yaml")
        if is_plain:
            arguments = [*OPTIONS, *flags]
            for name in PLAIN:
                file = f"{name}.tsv"
                file = "https://example.org/traits.tsv" if files.get(file) == "url" else file
                arguments += [f"--{name.replace('_', '-')}", file]
        else:
            arguments = [whole, *(["--crosstype", "dh"] if whole == "cross.csv" else [])]
        return cli("convert", *arguments, "--out", "converted")

    return convert


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_answered_in_one_line(convert, tmp_path, case):
    files, message = REFUSED[case]
    done = convert(files)
    assert done.err == f"crossmap: error: {message}\n"
    assert (done.status, done.out) == (3, "")
    assert not list(tmp_path.glob("*converted*"))


@pytest.mark.parametrize("case", READ)
def test_what_is_untidy_is_read_and_told(convert, case):
    files, warned, told = READ[case]
    done = convert(files)
    assert done.err == (f"crossmap: warning: {warned}\n" if warned else "")
    assert done.status == 0
    assert told in " ".join(done.out.split())


def test_missing_calls_are_refused_with_a_count_by_what_needs_complete_ones(cli, small, tmp_path):
    for path in small.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    lines = (tmp_path / "geno.csv").read_text().splitlines()
    lines[1] = lines[1].replace(",A", ",NA", 2)
    (tmp_path / "geno.csv").write_text("\n".join(lines) + "\n")
    done = cli("joint", tmp_path, "--out", tmp_path / "out")
    assert done.status == 3
    assert "genotypes: expected complete calls, found 2 missing of 12000 (the first: marker" in (
        done.err
    )
    assert json.loads(cli("check", tmp_path, "--format", "json").out)["n_missing_calls"] == 2


@pytest.mark.filterwarnings("ignore::crossmap.errors.CrossmapWarning")
def test_no_eligible_locus_and_too_few_traits_for_pi0(cli, tmp_path):
    rows = [f"{i}.5,s{i:02d},{'AB'[i == 0]},{'BA'[i == 0]}" for i in range(12)]
    (tmp_path / "cross.csv").write_text("\n".join(["t1,id,m1,m2", ",,1,1", ",,0,12.5", *rows]))
    read = [tmp_path / "cross.csv", "--crosstype", "dh"]
    done = cli("joint", *read, "--out", tmp_path / "out")
    assert done.status == 3
    assert done.err == (
        "crossmap: error: genotypes: expected a locus eligible as number 1 (at least 3 samples on "
        "either side of every split: --min-cell; exclusions heeded), found none among 1 distinct "
        "loci of 12 samples\n"
    )
    assert not (tmp_path / "out").exists()
    text = (tmp_path / "cross.csv").read_text()
    balanced = [f"{i % 5}.5,s{i:02d},{'AB'[i % 2]},{'AABB'[i % 4]}" for i in range(12)]
    (tmp_path / "cross.csv").write_text("\n".join([*text.split("\n")[:3], *balanced]))
    done = cli("joint", *read, "--out", tmp_path / "out")
    assert done.status == 0
    assert "pi0 = 1 is used, which is safe" in done.err
