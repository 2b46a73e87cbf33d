"""Genotype chains by enumeration of every path: obvious, and only for the smallest maps."""

import itertools

import numpy as np


def paths(observed, initial, transition, emission):
    """Every path of states of one individual with its joint probability with what was seen."""
    n_states, m = len(initial), len(observed)
    for path in itertools.product(range(n_states), repeat=m):
        p = initial[path[0]] * emission[path[0], observed[0]]
        for j in range(1, m):
            p *= transition[j, path[j - 1], path[j]] * emission[path[j], observed[j]]
        yield path, p


def state_probabilities(observed, initial, transition, emission):
    """[m, K], and the log likelihood."""
    out, total = np.zeros((len(observed), len(initial))), 0.0
    for path, p in paths(observed, initial, transition, emission):
        total += p
        for j, k in enumerate(path):
            out[j, k] += p
    return out / total, np.log(total)


def pair_probabilities(observed, initial, transition, emission, first, second):
    """[K, K] of the states at two positions."""
    out = np.zeros((len(initial), len(initial)))
    for path, p in paths(observed, initial, transition, emission):
        out[path[first], path[second]] += p
    return out / out.sum()


def best_probability(observed, initial, transition, emission):
    """The largest joint probability of a path."""
    return max(p for _, p in paths(observed, initial, transition, emission))


def path_probability(path, observed, initial, transition, emission):
    """Joint probability of one path."""
    p = initial[path[0]] * emission[path[0], observed[0]]
    for j in range(1, len(path)):
        p *= transition[j, path[j - 1], path[j]] * emission[path[j], observed[j]]
    return p
