"""Measures rectangle.c: figures of docs/accuracy.md come from here.

    python3 tests/c/measure_rectangle.py [PROBLEMS]

Uses the installed package. Structure: random loads of one factor against the same integral by mpmath in 30 digits.
Lattice: random correlations, orthants and tails, eight seeds each against longer runs.
"""

import math
import sys

import mpmath as mp
import numpy as np
from make_oracle_rectangle import mass

import attain as at


def one_factor(rng):
    """Error of the log of one random rectangle, tails down to 1e-40 or so."""
    dimensions = int(rng.integers(2, 9))
    loads = rng.uniform(-0.97, 0.97, dimensions)
    lower = rng.uniform(-2, 1, dimensions) + rng.choice([0, 0, 3, 8])
    upper = np.where(rng.random(dimensions) < 0.5, np.inf, lower + 10 ** rng.uniform(-4, 0.5, dimensions))
    covariance = np.outer(loads, loads)
    np.fill_diagonal(covariance, 1)

    def integrand(f):
        value = mp.npdf(f)
        for load, low, high in zip(loads, lower, upper, strict=True):
            spread = mp.sqrt(1 - mp.mpf(load) ** 2)
            a, b = ((mp.mpf(x) - load * f) / spread for x in (low, high))
            value *= mass(a, b) if a + b > 0 else mass(-b, -a)
        return value

    exact = mp.log(mp.quad(integrand, mp.linspace(-40, 40, 161), method="gauss-legendre", maxdegree=4))
    return float(abs(at.mvn_probability(lower, upper, 0, covariance)[0] - exact)), float(exact)


def lattice(rng):
    """Errors in standard errors of one random rectangle, and that error's ratio."""
    dimensions, df = int(rng.integers(3, 13)), rng.choice([None, 3.0, 10.0])
    factor = rng.normal(size=(dimensions, dimensions + 2))
    covariance = factor @ factor.T
    lower = rng.choice([-1.5, 0.0, 1.0]) * np.sqrt(np.diag(covariance))
    long = [at.mvn_probability(lower, np.inf, 0, covariance, df=df, rel_error=3e-5, seed=10**6 + s) for s in range(2)]
    exact = np.mean([log_p for log_p, _ in long])
    runs = [at.mvn_probability(lower, np.inf, 0, covariance, df=df, rel_error=5e-4, seed=s) for s in range(8)]
    return [((log_p - exact) / error, abs(log_p - exact)) for log_p, error in runs if error > 0]


def main():
    """Print worst errors."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    rng = np.random.default_rng(2)
    factors = [one_factor(rng) for _ in range(count)]
    print(f"one factor: worst {max(e for e, _ in factors):.1e} of {count}, logs to {min(x for _, x in factors):.0f}")
    pairs = [pair for _ in range(count) for pair in lattice(rng)]
    scores = np.array([z for z, _ in pairs])
    print(f"lattice: rms {math.sqrt((scores**2).mean()):.2f} standard errors, largest {abs(scores).max():.1f},")
    print(f"  beyond two: {(abs(scores) > 2).mean():.3f}; worst {max(e for _, e in pairs):.1e} in the log")


if __name__ == "__main__":
    main()
