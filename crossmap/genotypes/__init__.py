"""From genotypes to what kernels see: distinct loci and their recombination coding."""
