"""From observed and null statistics to probabilities, q-values and joint-linkage FDR."""
