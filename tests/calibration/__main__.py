"""Realised against nominal error rates on every scenario.

    python -m tests.calibration run --work DIR [--seconds N] [SCENARIO ...]
    python -m tests.calibration table --work DIR [--out data]

`run` analyses simulated crosses, some minutes a scenario, and keeps what it needs in DIR; started
again, it goes on where it stopped. `table` makes the tables of what is there, and the README's.
"""

import argparse
import sys
from pathlib import Path

# As pytest has it: what lies in tests/ is imported by its name.
sys.path.insert(0, str(Path(__file__).parents[1]))

from calibration.grid import run

from crossmap.scenarios import SCENARIOS


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run")
    running.add_argument("--work", required=True)
    running.add_argument("--seconds", type=float, default=float("inf"))
    running.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    tabling = commands.add_parser("table")
    tabling.add_argument("--work", required=True)
    tabling.add_argument("--out", default="data")
    arguments = parser.parse_args()
    if arguments.command == "run":
        run(arguments.work, arguments.scenarios or list(SCENARIOS), seconds=arguments.seconds)
    else:
        from calibration.tables import write_tables

        write_tables(arguments.work, arguments.out)


if __name__ == "__main__":
    main()
