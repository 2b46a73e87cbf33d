"""Spoil 10,000 inputs for every reader, and record what became of them.

    python -m tests.record_spoilt_bytes run --work DIR [--inputs N] [--seconds S] [READER ...]
    python -m tests.record_spoilt_bytes table --work DIR [--out tests/io/spoilt_bytes.tsv]

`run` spoils slices of 1,000, each with a seed of its own, and keeps a row of each in DIR; started
again it goes on where it stopped. It stops at the first input that is not answered, and shows it.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

# As pytest has it: what lies in tests/ is imported by its name.
sys.path.insert(0, str(Path(__file__).parent))

import pandas as pd
from spoilt_bytes import spoil_often
from spoilt_readers import READERS, lay_files

from crossmap import __version__

SLICE = 1_000
STATUS = Path("/proc/self/status")


def peak_bytes():
    """The most memory this process has held since `forget_peak`; None where Linux does not tell."""
    if not STATUS.exists():
        return None
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def forget_peak():
    if STATUS.exists():
        Path("/proc/self/clear_refs").write_text("5")


def record_slice(name, seed, n_inputs):
    """Spoil so many inputs with one seed; returns what to record."""
    row = {"reader": name, "seed": seed, "inputs": 0, "read": 0, "refused": 0}
    seconds, megabytes = [0.0], [0.0]
    clock = {}

    def start():
        forget_peak()
        clock.update(since=time.process_time(), held=peak_bytes())

    def told(was_read):
        seconds.append(time.process_time() - clock["since"])
        if clock["held"] is not None:
            megabytes.append((peak_bytes() - clock["held"]) / 1e6)
        row["inputs"] += 1
        row["read" if was_read else "refused"] += 1
        start()

    with tempfile.TemporaryDirectory() as place:
        laid = lay_files(name, Path(place))
        if laid is None:
            sys.exit(f"{name}: a library is not here")
        start()
        spoil_often(*laid, Path(place), n_inputs, seed=seed, told=told)
    return row | {"slowest_s": max(seconds), "largest_mb": max(megabytes)}


def run(work, readers, *, n_inputs, seconds):
    end = time.monotonic() + seconds
    Path(work).mkdir(parents=True, exist_ok=True)
    for name in readers:
        for seed in range(1, -(-n_inputs // SLICE) + 1):
            file = Path(work) / f"{name.replace(' ', '_')}-{seed}.json"
            if file.exists():
                continue
            if time.monotonic() > end:
                sys.exit("out of time: run again to go on")
            row = record_slice(name, seed, min(SLICE, n_inputs))
            file.write_text(json.dumps(row))
            print(row, flush=True)


def make_table(work, out):
    rows = pd.DataFrame([json.loads(file.read_text()) for file in Path(work).glob("*.json")])
    totals = rows.groupby("reader").agg(
        inputs=("inputs", "sum"), read=("read", "sum"), refused=("refused", "sum"),
        slowest_s=("slowest_s", "max"), largest_mb=("largest_mb", "max"),
    )  # fmt: skip
    totals = totals.loc[[name for name in READERS if name in totals.index]].reset_index()
    totals["slowest_s"] = totals["slowest_s"].round(2)
    totals["largest_mb"] = totals["largest_mb"].round(1)
    totals["version"] = __version__
    totals.to_csv(out, sep="\t", index=False, lineterminator="\n")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run")
    running.add_argument("--work", required=True)
    running.add_argument("--inputs", type=int, default=10_000)
    running.add_argument("--seconds", type=float, default=float("inf"))
    running.add_argument("readers", nargs="*", metavar="READER")
    tabling = commands.add_parser("table")
    tabling.add_argument("--work", required=True)
    tabling.add_argument("--out", default="tests/io/spoilt_bytes.tsv")
    arguments = parser.parse_args()
    if arguments.command == "run":
        run(
            arguments.work, arguments.readers or list(READERS), n_inputs=arguments.inputs,
            seconds=arguments.seconds,
        )  # fmt: skip
    else:
        make_table(arguments.work, arguments.out)


if __name__ == "__main__":
    main()
