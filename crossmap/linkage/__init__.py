"""Searches for linked loci and their permutation nulls."""
