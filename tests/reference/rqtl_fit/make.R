# fitqtl of R/qtl by Haley-Knott regression on a simulated F2: Rscript make.R, in this folder.
suppressMessages(library(qtl))
invisible(capture.output(x <- read.cross("csv", ".", "in_f2.csv")))
x <- calc.genoprob(x, step = 0, error.prob = 1e-3)
cat("# R", as.character(getRversion()), "R/qtl", as.character(packageVersion("qtl")), "\n")
markers <- c("m01_0112798", "m02_0083891", "m03_0033926")
at <- find.markerpos(x, markers)
options(digits = 15)
for (trait in c("g0001", "g0002")) for (model in c("y~Q1*Q2+Q3", "y~Q1+Q2", "y~Q1")) {
  n <- if (model == "y~Q1") 1 else if (model == "y~Q1+Q2") 2 else 3
  q <- makeqtl(x, chr = as.character(at$chr[1:n]), pos = at$pos[1:n], what = "prob")
  f <- fitqtl(x, pheno.col = trait, qtl = q, formula = as.formula(model), method = "hk",
              get.ests = TRUE)
  out <- function(kind, name, values) cat(trait, model, kind, name,
    format(values, digits = 15, trim = TRUE), sep = "\t", fill = 10000)
  a <- f$result.full
  out("model", "-", c(a[1, "df"], a[1, "SS"], a[1, "LOD"], a[1, "%var"], a[1, "Pvalue(F)"]))
  d <- f$result.drop
  if (!is.null(d)) for (i in seq_len(nrow(d)))
    out("drop", as.character(i), d[i, c("df", "Type III SS", "LOD", "F value", "Pvalue(F)")])
  e <- summary(f)$ests
  for (i in seq_len(nrow(e))) out("effect", as.character(i), e[i, ])
}
