"""Run crossmap in a process of its own, from this clone, and on a cross that is soon done."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

# Options of ``crossmap simulate`` for a cross that is analysed in a moment.
SMALL = (
    "--samples", "100", "--traits", "150", "--markers", "120", "--variance-share", "0.2,0.4",
    "--seed", "3",
)  # fmt: skip


def python(*arguments, cwd=None, env=None, **options):
    """Run this Python; `env` changes the environment, None taking a variable away."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | (env or {})
    environment = {name: value for name, value in environment.items() if value is not None}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        **options,
    )


def crossmap(*arguments, **options):
    """Run ``python -m crossmap``."""
    return python("-m", "crossmap", *arguments, **options)
