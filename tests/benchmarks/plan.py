"""What `crossmap plan` predicts, beside what the commands then take: each in a process of its own.

    python tests/benchmarks/plan.py [VERB [SIZE [OPTIONS OF VERB ...]]]

SIZE is 0, 1 or 2. Prints wall time and largest resident size, and predicted over measured; nothing
here can fail. A run that other programs disturb is slower than what is predicted for an idle
machine; then look at the second ratio, which is of the time while others are as busy as now.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = {  # samples, traits, markers
    "scan1": ((100, 1500, 600), (112, 6000, 1500), (200, 40000, 3000)),
    "joint": ((100, 1500, 600), (112, 6000, 1500), (200, 20000, 1500)),
    "scan2": ((100, 1500, 600), (112, 6000, 800), (200, 3000, 1000)),
    "permute": ((100, 1500, 600), (112, 2000, 1500), (200, 5000, 600)),
}


def crossmap(*arguments):
    """Standard output, wall seconds and largest resident bytes of a command."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "crossmap", *map(str, arguments)], stdout=subprocess.PIPE
    )
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"crossmap {' '.join(map(str, arguments))} failed")
    return text, time.perf_counter() - start, usage.ru_maxrss * 1024


def made(size):
    """Folder of a simulated cross, kept for the next time."""
    folder = Path(tempfile.gettempdir()) / "crossmap-plan-{}-{}-{}".format(*size)
    if not folder.exists():
        samples, traits, markers = size
        crossmap("simulate", "--samples", samples, "--traits", traits, "--markers", markers,
                 "--seed", 1, "--out", folder)  # fmt: skip
    return folder


def compare(verb, size, options):
    folder = made(size)
    with tempfile.TemporaryDirectory() as scratch:
        _, seconds, memory = crossmap(verb, folder, *options, "--out", Path(scratch) / "out")
    text, took, _ = crossmap("plan", verb, folder, *options, "--format", "json")
    found = json.loads(text)
    print(
        f"{verb:7} {size!s:18} {' '.join(options)}  {seconds:7.2f} s {memory / 1e6:6.0f} MB   "
        f"predicted/measured: time {found['seconds'] / seconds:.2f} (busy "
        f"{found['busy_seconds'] / seconds:.2f}), memory {found['memory_bytes'] / memory:.2f}   "
        f"plan itself {took:.1f} s",
        flush=True,
    )


def main():
    verbs = sys.argv[1:2] or ["scan1", "joint", "scan2"]
    numbers = [int(sys.argv[2])] if len(sys.argv) > 2 else [0, 1, 2]
    for verb in verbs:
        for number in numbers:
            compare(verb, SIZES[verb][number], sys.argv[3:])


if __name__ == "__main__":
    main()
