"""What `plan` predicts, beside what runs then take: each in a process of its own.

    python tests/benchmarks/plan.py

Prints time and memory, predicted over measured; nothing here can fail.
"""

import subprocess
import sys
import time

SIZES = ((100, 1500, 600), (112, 6000, 1500), (200, 3000, 1000))
VERBS = ("scan1", "joint", "scan2")


def one(what, verb, n_samples, n_traits, n_markers):
    import warnings

    from crossmap import joint_linkage, plan, scan1, scan2, simulate_cross
    from crossmap.pipeline_plan import _forget_peak, _part, _peak

    warnings.simplefilter("ignore")
    cross = simulate_cross(
        n_samples=n_samples, n_traits=n_traits, n_markers=n_markers, seed=1
    ).cross  # fmt: skip
    if what == "plan":
        found = plan(cross, verb)
        print(found.seconds, found.memory_bytes)
        return
    work = {
        "scan1": lambda part: scan1(part).to_frame(),
        "joint": lambda part: joint_linkage(part).to_frame(),
        "scan2": scan2,
    }[verb]
    work(_part(cross, 64))
    _forget_peak()
    start = time.perf_counter()
    work(cross)
    print(time.perf_counter() - start, _peak())


def main():
    for size in SIZES:
        for verb in VERBS:
            numbers = []
            for what in ("run", "plan", "run"):
                command = [sys.executable, __file__, what, verb, *map(str, size)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                numbers.append([float(x) for x in done.stdout.split()])
            (_, _), predicted, measured = numbers
            print(
                f"{size} {verb:6}  {measured[0]:8.2f} s  predicted/measured: time "
                f"{predicted[0] / measured[0]:.2f}, memory {predicted[1] / measured[1]:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        one(*sys.argv[1:3], *map(int, sys.argv[3:]))
    else:
        main()
