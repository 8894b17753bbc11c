"""Writes tests/python/rectangles.csv: probabilities of rectangles from long runs of R's mvtnorm.

    python3 tests/python/make_rectangles.py > tests/python/rectangles.csv        (R with mvtnorm; some minutes)

One row a rectangle: dimensions, df (inf: normal), seed of the matrix and the bounds as `rectangle` makes them here,
probability, and the error that mvtnorm estimates (three and a half standard errors).
"""

import subprocess

import numpy as np

CASES = [(d, df, seed) for d, seed in [(3, 1), (4, 2), (5, 3), (6, 4), (8, 5), (10, 6), (12, 7)] for df in (np.inf,)]
CASES += [(3, 3, 8), (3, 10, 9), (5, 4, 10), (6, 3, 11), (8, 5, 12), (10, 10, 13)]


def rectangle(dimensions, seed):
    """Lower and upper bounds, some infinite, and a random correlation matrix."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(dimensions, dimensions + 2))
    covariance = factor @ factor.T
    spread = np.sqrt(np.diag(covariance))
    lower = np.where(rng.random(dimensions) < 0.5, -np.inf, rng.uniform(-2, -0.5, dimensions))
    upper = np.where(rng.random(dimensions) < 0.3, np.inf, rng.uniform(0, 2, dimensions))
    upper = np.where(np.isinf(lower) & np.isinf(upper), 1.0, upper)
    return lower, upper, covariance / np.outer(spread, spread)


def r_vector(values):
    """An R vector."""
    return "c(" + ",".join("Inf" if v == np.inf else "-Inf" if v == -np.inf else repr(float(v)) for v in values) + ")"


def by_mvtnorm(dimensions, df, seed):
    """Probability and estimated error."""
    lower, upper, correlation = rectangle(dimensions, seed)
    normal = np.isinf(df)
    function, given = ("pmvnorm", "sigma=s") if normal else ("pmvt", f"sigma=s, df={int(df)}")
    eps = 3e-7 if dimensions <= 5 else 2e-6
    code = f"""library(mvtnorm); set.seed(1); s <- matrix({r_vector(correlation.ravel())}, {dimensions})
    s <- (s + t(s)) / 2
    p <- {function}(lower={r_vector(lower)}, upper={r_vector(upper)}, {given},
                    algorithm=GenzBretz(maxpts=2e8, abseps={eps}))
    cat(sprintf("%.12g,%.3g", p, attr(p, "error")))"""
    return subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    print("dimensions,df,seed,probability,error")
    for case in CASES:
        print("{},{},{}".format(*case) + "," + by_mvtnorm(*case), flush=True)
