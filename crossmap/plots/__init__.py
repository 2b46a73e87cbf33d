"""Results in, matplotlib Axes out; what is drawn is computed apart and tested as numbers."""
