"""A slow oracle of the growth model that shares nothing with the core but the model: every quantity is a linear map of
independent shocks, and the posterior is one dense Gaussian conditioning on the rows."""

import numpy as np
from scipy import stats
from scipy.special import gammaln


def _path_maps(point, years):
    """Rows of the linear maps of the shocks to l_t, t = 0 .. years-1: columns mu, b_0, zeta_1.., eta_1.. ."""
    phi, _, w, q, _, k0 = point[:6]
    width = 2 + 2 * years
    variances = np.r_[k0, q / (1 - phi**2), np.full(years, q), np.full(years, w)]
    mu = np.eye(width)[0]
    deviation, level, levels = np.eye(width)[1], np.zeros(width), [np.zeros(width)]
    for t in range(1, years):
        level = level + mu + deviation + np.eye(width)[2 + years + t]
        deviation = phi * deviation + np.eye(width)[2 + t]
        levels.append(level)
    return np.array(levels), variances


def _figures(point, first, years, scopes):
    """Function (year, scope) -> row of the map of all shocks, measurement errors behind the others; their variances."""
    levels, variances = _path_maps(point, years)
    cells = years * len(scopes)

    def row(year, scope):
        error = np.zeros(cells)
        error[scopes.index(scope) * years + year - first] = 1
        return np.r_[levels[year - first], error]

    return row, np.r_[variances, np.full(cells, point[1])]


def contrasts_of(rows):
    """Each row as ((year, year), change, scope): against the first level of its scope, or over its year."""
    base, contrasts = {}, []
    for year, kind, value, scope in rows:
        if kind == "growth":
            contrasts.append((year, year - 1, np.log1p(value), scope))
        elif scope in base:
            contrasts.append((year, base[scope][0], np.log(value / base[scope][1]), scope))
        else:
            base[scope] = (year, value)
    return contrasts


def posterior(rows, prior, origin, log_level, scope, to):
    """Weight (G), df (G), location (G, H), scale (G, H, H) of the log figure of `scope` in origin+1 .. to."""
    contrasts = contrasts_of(rows)
    first = min([origin, *(y for y, *_ in rows)]) - 1
    years, scopes = to - first + 1, sorted({s for *_, s in rows})
    z = np.array([c[2] for c in contrasts])
    log_weight, location, scale, df = [], [], [], []
    for point in prior:
        m0, _, a0, s0, weight = point[4:9]
        row, variances = _figures(point, first, years, scopes)
        seen = np.array([row(y, s) - row(x, s) for y, x, _, s in contrasts]).reshape(len(z), len(variances))
        ahead = np.array([row(y, scope) - row(origin, scope) for y in range(origin + 1, to + 1)])
        error = z - m0 * seen[:, 0]
        covariance, cross = seen * variances @ seen.T, seen * variances @ ahead.T
        solved = np.linalg.solve(covariance, np.c_[error, cross])
        a, b = a0 + len(z) / 2, a0 * s0**2 + error @ solved[:, 0] / 2
        evidence = (
            a0 * np.log(a0 * s0**2) - a * np.log(b) + gammaln(a) - gammaln(a0) - np.linalg.slogdet(covariance)[1] / 2
        )
        log_weight.append(np.log(weight) + evidence)
        location.append(log_level + m0 * ahead[:, 0] + cross.T @ solved[:, 0])
        scale.append(b / a * (ahead * variances @ ahead.T - cross.T @ solved[:, 1:]))
        df.append(2 * a)
    weights = np.exp(np.array(log_weight) - max(log_weight))
    return weights / weights.sum(), np.array(df), np.array(location), np.array(scale)


def tail(mixture, log_bound, year):
    """P(log figure >= bound) in the year of index `year`."""
    weight, df, location, scale = mixture
    return float((weight * stats.t.sf((log_bound - location[:, year]) / np.sqrt(scale[:, year, year]), df)).sum())
