"""The only room that orders the stages: cross -> loci -> linkage -> significance."""
