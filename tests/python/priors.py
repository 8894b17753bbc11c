"""Priors for tests, which so do not hang on those that are shipped: the prototype's 42 points, under which its numbers
are known, and random points of the whole family."""

from pathlib import Path

import numpy as np

from attain.prior import Prior

PROTOTYPE = Prior(
    "prototype",
    np.loadtxt(Path(__file__).with_name("prototype_prior.csv"), delimiter=",", skiprows=1),
    np.inf,
    {"title": "The prototype's prior", "scale": "log"},
)


def random_points(rng, count=6):
    """Points as the core takes them: table and evidence limit. The ends of rho and d, and points that share their
    covariances or their volatility, are among them."""
    r, w, q = rng.dirichlet(np.ones(3), count).T
    phi, rho, d = rng.uniform(0, 0.95, count), rng.uniform(0, 1, count), rng.uniform(0, 2, count)
    rho[rng.random(count) < 0.3] = 1
    rho[rng.random(count) < 0.1] = 0
    d[rng.random(count) < 0.3] = 0
    m0, k0 = rng.normal(0.03, 0.04, count), rng.uniform(0.01, 2, count)
    a0, s0 = rng.uniform(0.5, 3, count), rng.uniform(0.02, 0.15, count)
    table = np.column_stack([phi, r, w, q, m0, k0, a0, s0, rho, d, rng.uniform(0.1, 1, count)])
    table[1, [0, 1, 2, 3, 5, 8, 9]] = table[0, [0, 1, 2, 3, 5, 8, 9]]
    table[3, 9] = table[2, 9]
    return table, float(rng.choice([10, 30, np.inf]))
