"""What is wrong with plain tables, and the message that names it."""

import gzip
import math

import pytest

from crossmap.errors import CrossmapWarning, DataError

SAMPLES = [f"s{i}" for i in range(1, 9)]


COVARIATES_BY_ROW = "covariate\t{}\nbatch\t{}\nage\t{}\nplate\t{}\n".format(
    "\t".join(SAMPLES), "\t".join("abababab"), "1\t2\tNA\t4\t5\t6\t7\t8.5", "\t".join(["01"] * 8)
)

# File spoilt, its new content (or what to replace by what), the message.
BAD = {
    "missing file": ("genotypes", None, "{file}: expected a file, found none of this name"),
    "empty file": ("traits", "", "{file}: expected a table, found an empty file"),
    "blank file": ("traits", " \n\n", "{file}: expected a table, found an empty file"),
    "one column": ("markers", "marker\nm1\n", "{file}, line 1: expected a header of two or more "
                   "cells separated by tabs or commas, found 'marker'"),
    "semicolons": ("markers", "marker;chr\nm1;1\n", "{file}, line 1: expected a header of two or "
                   "more cells separated by tabs or commas, found semicolons in 'marker;chr'"),
    "header alone": ("traits", "trait\ts1\ts2\n",
                     "{file}, line 1: expected rows below the header, found none"),
    "short row": ("traits", ("\t7\t8\nt2", "\t7\nt2"),
                  "{file}, line 2: expected 9 cells as in the header, found 8"),
    "long row": ("genotypes", ("\t1\t2\nm2", "\t1\t2\t2\nm2"),
                 "{file}, line 2: expected 9 cells as in the header, found 10"),
    "row of spaces": ("traits", ("\nt2", "\n \nt2"),
                      "{file}, line 3: expected 9 cells as in the header, found 1"),
    "header one short": ("genotypes", ("marker\t", ""), "{file}, line 1: expected 9 cells as in "
                         "every row below, found 8 (the first cell heads the row names)"),
    "header one long": ("traits", ("trait\t", "trait\tx\t"), "{file}, line 1: expected 9 cells as "
                        "in every row below, found 10 (the first cell heads the row names)"),
    "unclosed quote": ("traits", ("t1\t", '"t1\t'), "{file}, line 2: expected 9 cells as in the "
                       "header, found 1 (is a quote not closed?)"),
    "not a number": ("traits", ("-2e-3", "low"),
                     "{file}, line 3, column s2: expected a number, found 'low'"),
    "decimal comma": ("traits", ("8.5", "8,5"),
                      "{file}, line 3, column s8: expected a number, found '8,5' "
                      "(decimal commas? Write 8.5)"),
    "underscore": ("traits", ("8.5", "8_5"),
                   "{file}, line 3, column s8: expected a number, found '8_5'"),
    "hexadecimal": ("traits", ("8.5", "0x8"),
                    "{file}, line 3, column s8: expected a number, found '0x8'"),
    "infinite": ("traits", ("8.5", "Inf"),
                 "{file}, line 3, column s8: expected a finite number, found 'Inf'"),
    "too large": ("traits", ("8.5", "-1e999"),
                  "{file}, line 3, column s8: expected a finite number, found '-1e999'"),
    "too large to square": ("traits", ("8.5", "-1e308"),
                            "trait t2, sample s8: expected a number up to 1e+70 in size, "
                            "found -1e+308 (a mark for missing?)"),
    "after a blank line": ("traits", ("\nt2\t0.1", "\n\nt2\tx"),
                           "{file}, line 4, column s1: expected a number, found 'x'"),
    "a name of two lines": ("traits", ("\nt2", '\n"t\n2"'), "{file}, line 3, column 1: expected "
                            "a name on one line, found 't\\n2'"),
    "a header of two lines": ("traits", ("\ts2", '\t"s\n2"'), "{file}, line 1, column 3: expected "
                              "a name on one line, found 's\\n2'"),
    "a corner of two lines": ("markers", '"a\nb",chr,pos_bp\nm1,1,5\nm2,1,x\n',
                              "{file}, line 4, column pos_bp: expected a number, found 'x'"),
    "two rows of one name": ("traits", ("\nt2", "\nt1"), "{file}, line 3: expected each row name "
                             "once, found 't1' again (first in line 2)"),
    "names alike but for space": ("traits", ("\nt2", "\nt1 "), "{file}, line 3: expected each row "
                                  "name once, found 't1' again (first in line 2)"),
    "two columns of one name": ("genotypes", ("s5", "s2"), "{file}, line 1, column 6: expected "
                                "each column name once, found 's2' again (first in column 3)"),
    "nameless row": ("genotypes", ("m2", ""),
                     "{file}, line 3, column 1: expected a name on one line, found ''"),
    "nameless column": ("genotypes", ("s5", ""),
                        "{file}, line 1, column 6: expected a name on one line, found ''"),
    "unknown code": ("genotypes", ("m1\t1\t2", "m1\t1\t3"),
                     "{file}, line 2, column s2: expected one of 1, 2, found '3' "
                     "(1, 2, 3 are three genotypes, as of crosstype f2; a code named NA is read as "
                     "missing)"),
    "code spelt as a float": ("genotypes", ("m3\t2", "m3\t2.0"),
                              "{file}, line 4, column s1: expected one of 1, 2, found '2.0'"),
    "no column chr": ("markers", ("chr", "chromosome"), "{file}, line 1: expected a column chr, "
                      "found 'chromosome, pos_bp'"),
    "no position": ("markers", ("pos_bp", "bp"),
                    "{file}, line 1: expected a column pos_bp or pos_cm, found 'chr, bp'"),
    "position no number": ("markers", ("250.5", "x"),
                           "{file}, line 3, column pos_bp: expected a number, found 'x'"),
    "position infinite": ("markers", ("250.5", "inf"),
                          "{file}, line 3, column pos_bp: expected a finite number, found 'inf'"),
    "positions in two units": ("markers", "m\tchr\tpos_bp\tpos_cm\nm1\t1\t\t1\nm2\t1\t5\t2\n"
                               "m3\t1\t6\t\n", "{file}: marker m1: expected positions of all "
                               "markers in one unit (bp or cM), found it without"),
    "two markers of one name": ("markers", ("m2", "m1"), "{file}, line 3: expected each row name "
                                "once, found 'm1' again (first in line 2)"),
    "gene position no number": ("trait_positions", ("700", "?"),
                                "{file}, line 3, column start_bp: expected a number, found '?'"),
    "no column end_bp": ("trait_positions", ("end_bp", "end"), "{file}, line 1: expected a column "
                         "end_bp, found 'chr, start_bp, end'"),
    "covariate infinite": ("covariates", COVARIATES_BY_ROW.replace("8.5", "-inf"), "{file}, line "
                           "3, column s8: expected a finite number, found '-inf'"),
    "cut gzip": ("traits", gzip.compress(b"trait\ts1\nt1\t1\n")[:-9], "{file}: expected a whole "
                 "gzip file, found one that is cut short"),
    "a bomb": ("traits", gzip.compress(bytes(1 << 26)), "{file}: expected at most 32 MB once "
               "unpacked, found more (a damaged file; if it is sound, unpack it first)"),
    "rows by semicolons": ("traits", "trait,s1\nt1;1\nt2;2\n", "{file}, line 2: expected 2 cells "
                           "as in the header, found 1 (semicolons in 't1;1')"),
    "decimal commas between commas": ("traits", "t,s1,s2\nt1,1,5,2,5\n", "{file}, line 2: expected "
                                      "3 cells as in the header, found 5 (are there decimal "
                                      "commas? Write decimal points)"),
    "codes in another case": ("genotypes", ("m1\t1\t2", "m1\tx\t2"), "{file}, line 2, column s1: "
                              "expected one of 1, 2, found 'x'"),
    "not utf-8": ("traits", b"trait\ts1\nt\xe4\t1\n",
                  "{file}, line 2: expected UTF-8 text, found the byte 0xe4"),
    "not utf-8 after a mark": ("traits", b"\xef\xbb\xbftrait\ts1\nt\xe4\t1\n",
                               "{file}, line 2: expected UTF-8 text, found the byte 0xe4"),
    "utf-16": ("traits", "trait\ts1\n".encode("utf-16"),
               "{file}: expected UTF-8 text, found UTF-16; save it as UTF-8"),
    "binary": ("traits", b"trait\ts1\nt1\t\x00\n",
               "{file}, line 2: expected text, found a null byte"),
    "no samples in common": ("traits", "trait\tx1\tx2\nt1\t1\t2\n", "{genotypes} and {file}: "
                             "expected samples in common, found none ('s1', 's2', ... against "
                             "'x1', 'x2')"),
    "seven samples": ("traits", ("s8", "x8"), "{genotypes} and {file}: expected 8 or more samples "
                      "in common, found 7"),
    "no markers in common": ("markers", "marker\tchr\tpos_bp\nx1\t1\t1\n", "{genotypes} and {file}:"
                             " expected markers in common, found none ('m1', 'm2', ... against "
                             "'x1')"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(plain, case):
    name, content, message = BAD[case]
    if content is None:
        plain.options[name].unlink()
    elif isinstance(content, tuple):
        text = plain.options[name].read_text()
        assert content[0] in text
        plain.write(name, text.replace(*content, 1))
    else:
        plain.write(name, content)
    with pytest.raises(DataError) as caught:
        plain.read()
    paths = {"file": plain.options[name], "genotypes": plain.options["genotypes"]}
    assert str(caught.value) == message.format(**paths)
    assert caught.value.exit_status == 3


def test_a_folder_and_a_url_are_refused(plain, tmp_path):
    with pytest.raises(DataError, match="expected a file, found a folder"):
        plain.read(traits=tmp_path)
    with pytest.raises(DataError, match="found a URL; download it"):
        plain.read(traits="https://example.org/traits.tsv")
    with pytest.raises(DataError, match="expected a readable file, found"):
        plain.read(traits="nul\0l")


def test_a_code_named_na_is_read_as_missing(plain):
    plain.write("genotypes", plain.options["genotypes"].read_text().replace("m1\t1", "m1\tH"))
    cross = plain.read(codes={"1": "A", "2": "B", "H": "NA"})
    assert cross.genotype_names == ("A", "B")
    assert cross.genotypes[0].tolist() == [-1, 1, 0, 1, 0, 1, 0, 1]


def test_a_lenient_reader_counts_what_it_steps_over(plain):
    text = plain.options["genotypes"].read_text()
    plain.write("genotypes", text.replace("m1\t1\t2", "m1\t1\tx").replace("m2\t1", "m2\t3"))
    plain.write("markers", plain.options["markers"].read_text().replace("250.5", "here"))
    plain.write("trait_positions", plain.options["trait_positions"].read_text().replace("700", "?"))
    with pytest.warns(CrossmapWarning) as caught:
        cross = plain.read(lenient=True)
    codes, positions = (str(warning.message) for warning in caught)
    assert codes == (
        "genotype cells that hold no code were read as missing: 2 (the first: "
        f"{plain.options['genotypes']}, line 2, column s2: expected one of 1, 2, found 'x' "
        "(cells hold '3', 'x'; codes= says what they mean))"
    )
    assert positions == (
        "positions that are no numbers were left out: 2 (the first: "
        f"{plain.options['markers']}, line 3, column pos_bp: expected a number, found 'here')"
    )
    assert cross.report.notes == (codes, positions)
    assert cross.report.dropped == {"marker without a place": ("m2",)}
    assert cross.genotypes[0].tolist() == [0, -1, 0, 1, 0, 1, 0, 1]
    assert math.isnan(cross.trait_table["start_bp"][1])
    plain.write("traits", plain.options["traits"].read_text().replace("8.5", "tall"))
    with pytest.raises(DataError, match="expected a number, found 'tall'"):
        plain.read(lenient=True)


def test_samples_that_look_alike_are_suggested(plain):
    text = plain.options["genotypes"].read_text()
    plain.write("genotypes", text.replace("s8", "S08"))
    with pytest.raises(DataError, match=r"found 7 \('S08' and 's8' look alike but for case"):
        plain.read()
    plain.write("genotypes", text.replace("s", "X0"))
    with pytest.raises(DataError, match=r"against 's1', 's2', ...\)$"):
        plain.read()
    plain.write("genotypes", text.replace("s", "S 0"))
    with pytest.raises(DataError, match=r"; 'S 01' and 's1' look alike .* \(so do 7 more\)\)$"):
        plain.read()


def test_dropped_markers_that_look_alike_are_warned_of(plain):
    plain.write("markers", plain.options["markers"].read_text().replace("m3", "M 3"))
    with pytest.warns(CrossmapWarning, match=r"1 markers were dropped .*'m3' and 'M 3'\)"):
        cross = plain.read()
    assert cross.report.notes == ("chromosome 2 of the map has no marker with genotypes",)


@pytest.mark.parametrize("name", ["genotypes", "traits"])
def test_exchanged_rows_and_columns_are_suggested(plain, name):
    rows = [line.split("\t") for line in plain.options[name].read_text().splitlines()]
    turned = ["\t".join(cells) for cells in zip(*rows, strict=True)]
    file = plain.write(name, "\n".join(turned) + "\n")
    with pytest.raises(DataError, match=f"; rows and columns of {file} look exchanged"):
        plain.read()


def test_a_map_on_its_side_is_named(plain):
    plain.write("markers", "marker\tm1\tm2\tm3\nchr\t1\t1\t2\npos_bp\t1\t2\t3\n")
    with pytest.raises(DataError, match="a column chr, found it as a row: exchange rows and"):
        plain.read()
