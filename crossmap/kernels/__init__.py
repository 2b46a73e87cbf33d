"""Compiled kernels: arrays and scalars in, arrays out; no pandas, no exceptions, no printing."""
