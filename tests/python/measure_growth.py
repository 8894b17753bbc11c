"""How far is the growth model from exact arithmetic? The oracle in 40 digits; prints what docs/accuracy.md reports.

python tests/python/measure_growth.py [PATTERNS]      (about half a second a pattern; needs mpmath)
"""

import math
import sys

import mpmath as mp
import numpy as np
import oracle
from test_growth import PRIOR, core_posterior, random_pattern

from attain import _core

mp.mp.dps = 40


def exact(value):
    return mp.mpf(float(value))


def figures(point, first, years, scopes):
    """As `oracle._figures`, in mpf: rows of the map of all shocks, and their variances."""
    phi, r, w, q, _, k0 = (exact(v) for v in point[:6])
    cells = years * len(scopes)
    width = 2 + 2 * years + cells
    variances = [k0, q / (1 - phi**2), *[q] * years, *[w] * years, *[r] * cells]
    level, deviation = [mp.mpf(0)] * width, [mp.mpf(0)] * width
    deviation[1] = mp.mpf(1)
    levels = [list(level)]
    for t in range(1, years):
        level = [a + b for a, b in zip(level, deviation, strict=True)]
        level[0] += 1
        level[2 + years + t] += 1
        deviation = [phi * d for d in deviation]
        deviation[2 + t] += 1
        levels.append(list(level))

    def row(year, scope):
        out = list(levels[year - first])
        out[2 + 2 * years + scopes.index(scope) * years + year - first] += 1
        return out

    return row, variances


def dot(a, b, variances):
    return mp.fsum(x * y * v for x, y, v in zip(a, b, variances, strict=True))


def posterior(rows, origin, scope, to):
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
    for point in PRIOR:
        m0, _, a0, s0, weight = (exact(v) for v in point[4:9])
        row, variances = figures(point, first, to - first + 1, scopes)
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
        log_w = (
            mp.log(weight) - log_det / 2 + a0 * mp.log(a0 * s0**2) - a * mp.log(b) + mp.loggamma(a) - mp.loggamma(a0)
        )
        parts.append((log_w, 2 * a, location, b / a * own))
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
    for _ in range(patterns):
        rows = random_pattern(rng)
        scope = [s for _, k, _, s in rows if k == "level"][-1]
        to = rows[-1][0] + 5
        (weight, df, location, scale), origin, _ = core_posterior(rows, to)
        parts = posterior(rows, origin, scope, to)
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
