"""How far is the growth model from exact arithmetic? The oracle in 40 digits; prints what docs/accuracy.md reports.

python tests/python/measure_growth.py [PATTERNS]      (about half a second a pattern; needs mpmath)
"""

import math
import sys

import mpmath as mp
import numpy as np
import oracle
from priors import PROTOTYPE, random_points
from test_growth import core_posterior, random_pattern

from attain import _core

mp.mp.dps = 40


def exact(value):
    return mp.mpf(float(value))


def figures(point, first, years, scopes, seen):
    """As `oracle._figures`, in mpf: rows of the map of all shocks, and their variances."""
    phi, r, w, q, _, k0, _, _, rho, d = (exact(v) for v in point[:10])
    sigma = [(1 + mp.mpf(max(seen - first - t, 0))) ** (d / 2) for t in range(years)]
    cells, later = years * len(scopes), years - 1
    width = 1 + 3 * years + cells
    v = q / (1 - phi**2)
    variances = [mp.mpf(0), k0, *[k0 * (1 - rho**2)] * later, v, *[q] * later, *[w] * years, *[r] * cells]
    level, drift, growth = ([mp.mpf(0)] * width for _ in range(3))
    drift[1] = growth[1 + years] = mp.mpf(1)
    levels = [list(level)]
    for t in range(1, years):
        drift, growth = [rho * x for x in drift], [phi * x for x in growth]
        drift[1 + t] += 1
        growth[1 + years + t] += 1
        level = [x + m + sigma[t] * b for x, m, b in zip(level, drift, growth, strict=True)]
        level[0] += 1
        level[1 + 2 * years + t] += sigma[t]
        levels.append(list(level))

    def row(year, scope):
        out = list(levels[year - first])
        out[1 + 3 * years + scopes.index(scope) * years + year - first] += sigma[year - first]
        return out

    return row, variances


def dot(a, b, variances):
    return mp.fsum(x * y * v for x, y, v in zip(a, b, variances, strict=True))


def posterior(rows, prior, origin, scope, to):
    """Weights, df, location and scale of the last year, all in mpf."""
    contrasts, parts = oracle.contrasts_of(rows), []
    first = min([origin, *(y for y, *_ in rows)]) - 1
    scopes = sorted({s for *_, s in rows})
    level = {(y, s): v for y, k, v, s in rows if k == "level"}
    growth = {(y, s): v for y, k, v, s in rows if k == "growth"}
    start, year = mp.mpf(0), origin
    while (year, scope) not in level:
        start, year = start + mp.log1p(exact(growth[year, scope])), year - 1
    start += mp.log(exact(level[year, scope]))
    z = [mp.log1p(exact(growth[y, s])) if (y, s) in growth and x == y - 1 and not is_level(rows, y, x, s, c)
         else mp.log(exact(level[y, s]) / exact(level[x, s])) for y, x, c, s in contrasts]  # fmt: skip
    table, limit = prior
    kept = 1 / (1 + mp.mpf(len(z)) / exact(limit))
    for point in table:
        m0, _, a0, s0, _, _, weight = (exact(v) for v in point[4:11])
        row, variances = figures(point, first, to - first + 1, scopes, max(origin, *(y for y, *_ in rows)))
        seen = [[a - b for a, b in zip(row(y, s), row(x, s), strict=True)] for y, x, _, s in contrasts]
        ahead = [a - b for a, b in zip(row(to, scope), row(origin, scope), strict=True)]
        n = len(z)
        own, a = dot(ahead, ahead, variances), a0 + mp.mpf(n) / 2
        location, ss, log_det = start + m0 * ahead[0], mp.mpf(0), mp.mpf(0)
        if n:
            covariance = mp.matrix([[dot(p, q, variances) for q in seen] for p in seen])
            error = mp.matrix([zi - m0 * p[0] for zi, p in zip(z, seen, strict=True)])
            cross = mp.matrix([dot(p, ahead, variances) for p in seen])
            lower = mp.cholesky(covariance)
            solved, gain = mp.lu_solve(covariance, error), mp.lu_solve(covariance, cross)
            ss, log_det = (error.T * solved)[0], 2 * mp.fsum(mp.log(lower[i, i]) for i in range(n))
            location, own = location + (cross.T * solved)[0], own - (cross.T * gain)[0]
        b = a0 * s0**2 + ss / 2
        evidence = a0 * mp.log(a0 * s0**2) - a * mp.log(b) + mp.loggamma(a) - mp.loggamma(a0) - log_det / 2
        parts.append((mp.log(weight) + kept * evidence, 2 * a, location, b / a * own))
    top = max(p[0] for p in parts)
    total = mp.fsum(mp.exp(p[0] - top) for p in parts)
    return [(mp.exp(lw - top) / total, df, m, s) for lw, df, m, s in parts]


def is_level(rows, year, since, scope, change):
    """Is this contrast a pair of levels rather than a growth row of the same window?"""
    values = {(y, s): v for y, k, v, s in rows if k == "level"}
    return (
        (year, scope) in values
        and (since, scope) in values
        and change == np.log(values[year, scope] / values[since, scope])
    )


def tail(parts, bound):
    """P(log figure >= bound)."""

    def upper(x, df):
        half = mp.betainc(df / 2, mp.mpf(1) / 2, 0, df / (df + x * x), regularized=True) / 2
        return half if x > 0 else 1 - half

    return mp.fsum(w * upper((bound - m) / mp.sqrt(s), df) for w, df, m, s in parts)


def main(patterns):
    rng, worst = np.random.default_rng(11), {"weight": 0.0, "location": 0.0, "scale": 0.0, "probability": 0.0}
    for i in range(patterns):
        rows, prior = random_pattern(rng), PROTOTYPE.points if i % 4 == 0 else random_points(rng, 14)
        scope = [s for _, k, _, s in rows if k == "level"][-1]
        to = rows[-1][0] + 5
        (weight, df, location, scale), origin, _ = core_posterior(rows, to, prior)
        parts = posterior(rows, prior, origin, scope, to)
        for g, (w, _, m, s) in enumerate(parts):
            worst["weight"] = max(worst["weight"], float(abs(weight[g] - w)))
            worst["location"] = max(worst["location"], float(abs(location[g, -1] - m) / (1 + abs(m))))
            worst["scale"] = max(worst["scale"], float(abs(scale[g, -1, -1] / s - 1)))
        margin = _core.mixture_margin(weight, df, location, scale, np.eye(to - origin)[-1])
        for q in (0.9, 0.5, 0.1, 1e-3, 1e-6):
            (bound,) = _core.margin_quantile(weight, df, *margin, np.array([1 - q]))
            got = math.exp(_core.margin_log_interval(weight, df, *margin, bound, math.inf))
            worst["probability"] = max(worst["probability"], float(abs(got / tail(parts, exact(bound)) - 1)))
    print(f"{patterns} patterns of 1 to 30 rows, worst errors:", {k: f"{v:.1e}" for k, v in worst.items()})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
