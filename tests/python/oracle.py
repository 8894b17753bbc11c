"""A slow oracle of the growth model that shares nothing with the core but the model: every quantity is a linear map of
independent shocks, and the posterior is one dense Gaussian conditioning on the rows."""

import numpy as np
from scipy import stats
from scipy.special import gammaln, logsumexp


def _path_maps(point, sigma):
    """Rows of the linear maps of m0 and the shocks to l_t, of a year each: columns m0 (the length of the path, which
    has no variance), then of every year xi, zeta and eta, of the first one the stationary mu - m0 and b instead."""
    phi, _, w, q, _, k0, _, _, rho, _ = point[:10]
    years = len(sigma)
    m0, *units = np.eye(1 + 3 * years)
    xi, zeta, eta = units[:years], units[years : 2 * years], units[2 * years :]
    drift, growth, levels = xi[0], zeta[0], [np.zeros_like(m0)]
    for t in range(1, years):
        drift = rho * drift + xi[t]
        growth = phi * growth + zeta[t]
        levels.append(levels[-1] + m0 + drift + sigma[t] * (growth + eta[t]))
    one_more = np.full(years - 1, 1.0)
    variances = [0, k0, k0 * (1 - rho**2) * one_more, q / (1 - phi**2), q * one_more, np.full(years, w)]
    return np.array(levels), np.hstack(variances)


def _figures(point, first, years, scopes, seen):
    """Function (year, scope) -> row of the map of all shocks, measurement errors behind the others; their variances."""
    age = np.maximum(seen - (first + np.arange(years)), 0)
    sigma = (1 + age) ** (point[9] / 2)
    levels, variances = _path_maps(point, sigma)
    cells = years * len(scopes)

    def row(year, scope):
        error = np.zeros(cells)
        error[scopes.index(scope) * years + year - first] = sigma[year - first]
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
    """Weight (G), df (G), location (G, H), scale (G, H, H) of the log figure of `scope` in origin+1 .. to; the prior is
    a table of points and an evidence limit."""
    contrasts = contrasts_of(rows)
    first = min([origin, *(y for y, *_ in rows)]) - 1
    years, scopes = to - first + 1, sorted({s for *_, s in rows})
    z = np.array([c[2] for c in contrasts])
    log_weight, location, scale, df = [], [], [], []
    table, limit = prior
    for point in table:
        m0, _, a0, s0 = point[4:8]
        row, variances = _figures(point, first, years, scopes, max([origin, *(y for y, *_ in rows)]))
        seen = np.array([row(y, s) - row(x, s) for y, x, _, s in contrasts]).reshape(len(z), len(variances))
        ahead = np.array([row(y, scope) - row(origin, scope) for y in range(origin + 1, to + 1)])
        error = z - m0 * seen[:, 0]
        covariance, cross = seen * variances @ seen.T, seen * variances @ ahead.T
        solved = np.linalg.solve(covariance, np.c_[error, cross])
        a, b = a0 + len(z) / 2, a0 * s0**2 + error @ solved[:, 0] / 2
        evidence = (
            a0 * np.log(a0 * s0**2) - a * np.log(b) + gammaln(a) - gammaln(a0) - np.linalg.slogdet(covariance)[1] / 2
        )
        log_weight.append(np.log(point[10]) + evidence / (1 + len(z) / limit))
        location.append(log_level + m0 * ahead[:, 0] + cross.T @ solved[:, 0])
        scale.append(b / a * (ahead * variances @ ahead.T - cross.T @ solved[:, 1:]))
        df.append(2 * a)
    weights = np.exp(np.array(log_weight) - max(log_weight))
    return weights / weights.sum(), np.array(df), np.array(location), np.array(scale)


def tail(mixture, log_bound, year):
    """P(log figure >= bound) in the year of index `year`."""
    weight, df, location, scale = mixture
    return float((weight * stats.t.sf((log_bound - location[:, year]) / np.sqrt(scale[:, year, year]), df)).sum())


def _design(rows, first, scopes):
    """Columns of the flat levels: one for each scope that has a level row."""
    own = [s for s in scopes if any(k == "level" and t == s for _, k, _, t, *_ in rows)]
    return np.array([[float(k == "level" and s == t) for t in own] for _, k, _, s, *_ in rows]), own


def _changes(rows, own):
    """Rows with likelihood: not the first level of a scope, nor published growth between two exact levels."""
    exact = {(y, s) for y, k, _, s, loose, error in rows if k == "level" and loose == error == 0}
    redundant = [k == "growth" and loose == 0 and {(y, s), (y - 1, s)} <= exact for y, k, _, s, loose, _ in rows]
    return len(rows) - len(own) - sum(redundant)


def normals(rows, prior, scope, year, nodes=1200):
    """Log weight, mean and standard deviation (G x nodes, flat) of the log figure of `scope` in a year, given s2 on a
    fine grid of logs around each point's prior volatility: universal kriging with the levels of scopes unknown.

    Rows are (year, kind, value, scope, looseness, error); each is one linear map of shocks, flat levels and its error.
    """
    first = min(y for y, *_ in rows) - 1
    scopes = sorted({s for _, _, _, s, *_ in rows})
    design, own = _design(rows, first, scopes)
    z = np.array([np.log1p(v) if k == "growth" else np.log(v) for _, k, v, *_ in rows])
    loose, known = (np.array([r[i] for r in rows], float) for i in (4, 5))
    target = np.array([float(s == scope) for s in own])
    last, out = max(y for y, *_ in rows), []
    table, limit = prior
    for point in table:
        m0, _, a0, s0 = point[4:8]
        row, variances = _figures(point, first, max(year, last) - first + 1, scopes, last)
        seen = np.array([row(y, s) - (row(y - 1, s) if k == "growth" else 0) for y, k, _, s, *_ in rows])
        ahead = row(year, scope)
        c, x, own_variance = seen * variances @ seen.T, seen * variances @ ahead, ahead * variances @ ahead
        log_s2 = 2 * np.log(s0) + np.linspace(-6, 6 + 22 / (a0 + (len(rows) - len(own)) / 2), nodes)
        s2 = np.exp(log_s2)
        v = s2[:, None, None] * (c + np.diag(loose)) + np.diag(known**2)
        solve = np.linalg.solve
        vx, vz = (
            solve(v, np.tile(design, (nodes, 1, 1))),
            solve(v, np.tile((z - m0 * seen[:, 0])[:, None], (nodes, 1, 1))),
        )
        va = solve(v, s2[:, None, None] * x[None, :, None])
        flat = design.T @ vx
        beta = solve(flat, design.T @ vz)[:, :, 0]
        rest = (z - m0 * seen[:, 0]) - beta @ design.T
        gap = target - (va[:, :, 0] @ design)
        mean = m0 * ahead[0] + (target * beta).sum(1) + (va[:, :, 0] * rest).sum(1)
        spread = s2 * own_variance - s2 * (va[:, :, 0] @ x) + (gap * solve(flat, gap[:, :, None])[:, :, 0]).sum(1)
        fit = (rest * solve(v, rest[:, :, None])[:, :, 0]).sum(1)
        evidence = -(np.linalg.slogdet(v)[1] + np.linalg.slogdet(flat)[1] + fit) / 2
        scale_prior = a0 * np.log(a0 * s0**2) - gammaln(a0) - a0 * log_s2 - a0 * s0**2 / s2
        node = np.log(log_s2[1] - log_s2[0]) + scale_prior + evidence
        kept = 1 / (1 + _changes(rows, own) / limit)
        out.append((np.log(point[10]) + node - (1 - kept) * logsumexp(node), mean, np.sqrt(spread)))
    return tuple(np.concatenate(column) for column in zip(*out, strict=True))


def normal_tail(parts, log_bound):
    """P(log figure >= bound) of `normals`."""
    log_weight, mean, spread = parts
    weight = np.exp(log_weight - log_weight.max())
    return float((weight * stats.norm.sf((log_bound - mean) / spread)).sum() / weight.sum())
