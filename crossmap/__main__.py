"""Run ``python -m crossmap``."""

from crossmap.cli import main

main()
