"""A small cross as files: plain tables, and an R/qtl2 folder."""

SAMPLES = [f"s{i}" for i in range(1, 9)]
HEADER = "\t".join(SAMPLES)

PLAIN = {
    "genotypes": f"marker\t{HEADER}\n"
    "m1\t1\t2\t1\t2\t1\t2\t1\t2\n"
    "m2\t1\t1\t2\t2\t1\t1\t2\t2\n"
    "m3\t2\t2\t2\t2\t1\t1\t1\t1\n",
    "markers": "marker\tchr\tpos_bp\nm1\t1\t100\nm2\t1\t250.5\nm3\t2\t100\n",
    "traits": f"trait\t{HEADER}\nt1\t1\t2\t3\t4\t5\t6\t7\t8\nt2\t0.1\t-2e-3\tNA\t4\t5\t6\t7\t8.5\n",
    "trait_positions": "trait\tchr\tstart_bp\tend_bp\nt1\t1\t90\t120\nt2\t2\t700\t400\n",
}

RQTL2 = {
    "cross.yaml": """\
description: a small cross
crosstype: riself
geno: geno.csv
gmap: gmap.csv
pmap: pmap.csv
pheno: pheno.csv
phenocovar: phenocovar.csv
covar: covar.csv
genotypes:
  L: 1
  C: 2
na.strings: ['-', 'NA']
""",
    "geno.csv": "id,m1,m2,m3\n" + "".join(f"s{i},{'LC'[i % 2]},C,L\n" for i in range(1, 9)),
    "gmap.csv": "marker,chr,pos\nm1,1,0.0\nm2,1,12.5\nm3,2,4.0\n",
    "pmap.csv": "marker,chr,pos\nm1,1,0.0001\nm2,1,0.0002505\nm3,2,0.0001\n",
    "pheno.csv": "id,t1,t2\n" + "".join(f"s{i},{i},{i / 10}\n" for i in range(1, 9)),
    "phenocovar.csv": "pheno,chr,start_bp,end_bp\nt1,1,90,120\nt2,2,700,400\n",
    "covar.csv": "id,batch,age\n" + "".join(f"s{i},b{i % 2},{i}\n" for i in range(1, 9)),
}
