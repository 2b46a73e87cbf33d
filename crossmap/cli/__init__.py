"""The command line: one thin file for each command, loaded when it is called."""

import sys


def main() -> None:
    """Run the command that the arguments of this process name, and exit with its status."""
    from crossmap.cli.program import run

    sys.exit(run(sys.argv[1:]))
