"""Hidden Markov chains of genotypes along a chromosome, many individuals side by side.

Every individual is computed on its own, with the same operations whatever its neighbours: the
loops over individuals are the inner ones only so that the compiler's vectors run over them.
Probabilities of a position are scaled to sum to 1, so that nothing underflows however many
positions there are; the scales make the likelihood (Rabiner 1989, Proc IEEE 77:257, section V.A).
"""

import numpy as np

from crossmap.kernels._numba import kernel


@kernel
def scale_to_one(block, total):
    """Divide by the sums over the first axis.

    Parameters
    ----------
    block : float64[K, n]. Overwritten.
    total : float64[n]. Overwritten with the sums.
    """
    n_states, n = block.shape
    for i in range(n):
        total[i] = block[0, i]
    for k in range(1, n_states):
        for i in range(n):
            total[i] += block[k, i]
    for k in range(n_states):
        for i in range(n):
            block[k, i] /= total[i]


@kernel
def keep_likelihood(total, is_last, likelihood, log_likelihood):
    """Multiply likelihoods of positions, and take logarithms before the product gets too small.

    A logarithm takes longer than all else that is done at a position.

    Parameters
    ----------
    total : float64[n]. Likelihoods of the position given those before.
    is_last : bool. Whether it is the last position.
    likelihood : float64[n]. Overwritten: at least 1e-250.
    log_likelihood : float64[n]. Overwritten (natural logarithm).
    """
    for i in range(len(total)):
        likelihood[i] *= total[i] if total[i] > 1e-100 else 1.0
    for i in range(len(total)):
        if total[i] <= 1e-100:
            log_likelihood[i] += np.log(total[i])
        if likelihood[i] < 1e-150 or is_last:
            log_likelihood[i] += np.log(likelihood[i])
            likelihood[i] = 1.0


@kernel
def step_back(beta, observed, transition, emission, seen, out):
    """Carry probabilities of what is observed to the right one position to the left.

    Parameters
    ----------
    beta : float64[K, n]. Proportional to Pr(observed beyond position j | state at j).
    observed : uint8[n]. Codes at j.
    transition : float64[K, K]. From j-1 (rows) to j.
    emission : float64[K, C]. Pr(code | state).
    seen : float64[n]. Scratch.
    out : float64[K, n]. Overwritten: the same for j-1, not scaled.
    """
    n_states, n = beta.shape
    for k in range(n_states):
        for i in range(n):
            out[k, i] = 0.0
    for h in range(n_states):
        for i in range(n):
            seen[i] = emission[h, observed[i]] * beta[h, i]
        for k in range(n_states):
            step = transition[k, h]
            for i in range(n):
                out[k, i] += step * seen[i]


@kernel
def state_probabilities(observed, initial, transition, emission, log_likelihood, out):
    """Probabilities of the states at every position given all that was observed.

    Parameters
    ----------
    observed : uint8[m, n]. Code seen of each individual at each position.
    initial : float64[K].
    transition : float64[m, K, K]. From position j-1 (rows) to j; [0] is not used.
    emission : float64[K, C]. Pr(code | state).
    log_likelihood : float64[n]. Overwritten (natural logarithm).
    out : float64[m, K, n]. Overwritten; NaN where what was observed is impossible.

    Notes
    -----
    Forward and backward (Baum et al. 1970, Ann Math Stat 41:164); Lander & Green 1987 (PNAS
    84:2363) for genetic maps. O(m K^2 n).
    """
    m, n_states, n = out.shape
    total = np.zeros(n)
    likelihood = np.ones(n)  # of the positions since its logarithm was taken last
    for i in range(n):
        log_likelihood[i] = 0.0
    for j in range(m):
        here = out[j]
        for k in range(n_states):
            if j == 0:
                for i in range(n):
                    here[k, i] = initial[k]
            else:
                before = out[j - 1]
                step = transition[j, 0, k]
                for i in range(n):
                    here[k, i] = before[0, i] * step
                for h in range(1, n_states):
                    step = transition[j, h, k]
                    for i in range(n):
                        here[k, i] += before[h, i] * step
            for i in range(n):
                here[k, i] *= emission[k, observed[j, i]]
        scale_to_one(here, total)
        keep_likelihood(total, j == m - 1, likelihood, log_likelihood)
    beta = np.ones((n_states, n))
    other = np.empty((n_states, n))
    for j in range(m - 1, 0, -1):
        step_back(beta, observed[j], transition[j], emission, total, other)
        scale_to_one(other, total)
        here = out[j - 1]
        for k in range(n_states):
            for i in range(n):
                beta[k, i] = other[k, i]
                here[k, i] *= other[k, i]
        scale_to_one(here, total)


@kernel
def posterior_steps(observed, initial, transition, emission, out):
    """Transitions of the chain given all that was observed: it stays a Markov chain.

    Parameters
    ----------
    observed, initial, transition, emission : as in `state_probabilities`.
    out : float64[m, K, K, n]. Overwritten: Pr(state at j | state at j-1, all observed); at [0] the
        rows are alike, Pr(state at 0 | all observed).
    """
    m, n_states, _, n = out.shape
    total = np.zeros(n)
    beta = np.ones((n_states, n))
    other = np.empty((n_states, n))
    for j in range(m - 1, -1, -1):
        for h in range(n_states):
            for k in range(n_states):
                step = initial[k] if j == 0 else transition[j, h, k]
                for i in range(n):
                    out[j, h, k, i] = step * emission[k, observed[j, i]] * beta[k, i]
            scale_to_one(out[j, h], total)
        if j > 0:
            step_back(beta, observed[j], transition[j], emission, total, other)
            scale_to_one(other, total)
            for k in range(n_states):
                for i in range(n):
                    beta[k, i] = other[k, i]


@kernel
def expected_steps(steps, out):
    """Expected number of individuals that go from one state to another, in every interval.

    Parameters
    ----------
    steps : float64[m, K, K, n]. From `posterior_steps`.
    out : float64[m, K, K]. Overwritten: sums over the individuals, in their order; [0] is 0.
    """
    m, n_states, _, n = steps.shape
    state = np.empty((n_states, n))
    after = np.empty((n_states, n))
    for k in range(n_states):
        for i in range(n):
            state[k, i] = steps[0, 0, k, i]
    for j in range(m):
        for h in range(n_states):
            for k in range(n_states):
                out[j, h, k] = 0.0
    for j in range(1, m):
        for k in range(n_states):
            for i in range(n):
                after[k, i] = 0.0
        for h in range(n_states):
            for k in range(n_states):
                total = 0.0
                for i in range(n):
                    both = state[h, i] * steps[j, h, k, i]
                    after[k, i] += both
                    total += both
                out[j, h, k] = total
        for k in range(n_states):
            for i in range(n):
                state[k, i] = after[k, i]


@kernel
def draw_states(steps, uniform, out):
    """Draw states along the chromosome from their distribution given all that was observed.

    Parameters
    ----------
    steps : float64[m, K, K, n]. From `posterior_steps`.
    uniform : float64[m, n]. Random numbers in [0, 1).
    out : int8[m, n]. Overwritten.
    """
    m, n_states, _, n = steps.shape
    for i in range(n):
        state = 0
        for j in range(m):
            left = uniform[j, i]
            chosen = n_states - 1
            for k in range(n_states - 1):
                left -= steps[j, state, k, i]
                if left < 0.0:
                    chosen = k
                    break
            state = chosen
            out[j, i] = state


@kernel
def pair_probabilities(steps, state, first, out):
    """Joint probabilities of the states at one position and at each to its right.

    Parameters
    ----------
    steps : float64[m, K, K, n]. From `posterior_steps`.
    state : float64[K, n]. Probabilities of the states at `first`.
    first : int. The position.
    out : float64[m, K, K, n]. Overwritten at positions beyond `first`: Pr(h at first, k at j).
    """
    m, n_states, _, n = steps.shape
    for j in range(first + 1, m):
        for h in range(n_states):
            for k in range(n_states):
                for i in range(n):
                    out[j, h, k, i] = 0.0
                if j == first + 1:
                    for i in range(n):
                        out[j, h, k, i] = state[h, i] * steps[j, h, k, i]
                else:
                    for g in range(n_states):
                        for i in range(n):
                            out[j, h, k, i] += out[j - 1, h, g, i] * steps[j, g, k, i]


@kernel
def best_path(observed, log_initial, log_transition, log_emission, out):
    """Most probable sequence of states (Viterbi); of equally probable ones that of lower states.

    Parameters
    ----------
    observed : uint8[m, n].
    log_initial, log_transition, log_emission : natural logarithms of the arrays of
        `state_probabilities`.
    out : int8[m, n]. Overwritten.

    Notes
    -----
    Forney 1973, Proc IEEE 61:268. Sums of logarithms within 1e-9 of each other count as equal, so
    that rounding does not choose between mirror images.
    """
    m, n = observed.shape
    n_states = log_initial.shape[0]
    came_from = np.zeros((m, n_states), np.int8)
    best = np.empty(n_states)
    after = np.empty(n_states)
    for i in range(n):
        for k in range(n_states):
            best[k] = log_initial[k] + log_emission[k, observed[0, i]]
        for j in range(1, m):
            for k in range(n_states):
                most = best[0] + log_transition[j, 0, k]
                origin = 0
                for h in range(1, n_states):
                    value = best[h] + log_transition[j, h, k]
                    if value > most + 1e-9:
                        most = value
                        origin = h
                came_from[j, k] = origin
                after[k] = most + log_emission[k, observed[j, i]]
            for k in range(n_states):
                best[k] = after[k]
        state = 0
        for k in range(1, n_states):
            if best[k] > best[state] + 1e-9:
                state = k
        for j in range(m - 1, -1, -1):
            out[j, i] = state
            state = came_from[j, state]
