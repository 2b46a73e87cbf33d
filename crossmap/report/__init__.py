"""Results in plain words, tables and pictures, in a folder."""
