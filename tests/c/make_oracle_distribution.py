"""Writes tests/c/oracle_distribution.h: log tails and densities of the t and the normal, and a mixture, from mpmath.

    python3 tests/c/make_oracle_distribution.py > tests/c/oracle_distribution.h

The far tail of the t is integrated numerically in 40 digits, in the energy E(u) = df/2 log(1 + u^2/df) that the value u
has beyond the energy of x,

    P(X >= x) = f(0) exp(-E(x)) integral over v > 0 of exp(-v) sqrt(1/u^2 + 1/df),   E(u) = E(x) + v,

the centre as the integral of the density; the normal is mpmath's erfc. csrc/core/distribution.c has a series and a
fraction instead. `--check` compares with mpmath's incomplete beta function wherever that converges.
"""

import random
import sys

import mpmath as mp

mp.mp.dps = 40
NORMAL = mp.inf


def log_peak(df):
    """log of the density of the t at 0."""
    return mp.loggamma((df + 1) / 2) - mp.loggamma(df / 2) - mp.log(mp.pi * df) / 2


def log_density(x, df):
    """log of the density at x."""
    x = mp.mpf(x)
    if df == NORMAL:
        return -(x * x + mp.log(2 * mp.pi)) / 2
    df = mp.mpf(df)
    return log_peak(df) - (df + 1) / 2 * mp.log1p(x * x / df)


def panels(first, last):
    """0, first, 2 first, 4 first, ... up to last: Gauss-Legendre is exact on each to 30 digits."""
    ends = [mp.mpf(0), mp.mpf(first)]
    while ends[-1] < last:
        ends.append(2 * ends[-1])
    return ends


def far_tail(x, df):
    """P(X >= |x|)."""
    x = abs(mp.mpf(x))
    if df == NORMAL:
        return mp.erfc(x / mp.sqrt(2)) / 2 if x < 1e150 else mp.mpf(0)  # mpmath gives up there
    df = mp.mpf(df)
    if x * x * (1 + 10 / df) < 1:
        return mp.mpf(1) / 2 - mp.quad(lambda u: mp.exp(log_density(u, df)), [0, x], method="gauss-legendre")
    energy = df / 2 * mp.log1p(x * x / df)
    ends = panels(min(1, df, energy) / 2, 75)
    beyond = mp.quad(
        lambda v: mp.exp(-v) * mp.sqrt(1 / (df * mp.expm1(2 * (energy + v) / df)) + 1 / df),
        ends,
        method="gauss-legendre",
    )
    return mp.exp(log_peak(df) - energy) * beyond


def tail(x, df, side):
    """P(X <= x) or P(X >= x)."""
    far = far_tail(x, df)
    return far if (side == "upper") == (x > 0) else 1 - far


def log_tail(x, df, side):
    """log P(X <= x) or log P(X >= x), right also where the probability is next to one."""
    far = far_tail(x, df)
    return mp.log(far) if (side == "upper") == (x > 0) else mp.log1p(-far)


def random_point(rng, reach=150):
    """A point (x, df, side): df over the domain in logs, |x| over ten to the power -reach ... reach."""
    df = rng.choice([NORMAL, 10 ** rng.uniform(-1, 8), 10 ** rng.uniform(-1, 2), float(rng.randint(1, 40))])
    magnitude = rng.choice(
        [rng.uniform(0, 4), rng.uniform(0, 40), 10 ** rng.uniform(-3, 5), 10 ** rng.uniform(-20, reach)]
    )
    return rng.choice([-1, 1]) * magnitude, df, rng.choice(["lower", "upper"])


def representable(x, df, side):
    """Whether a double can hold the log tail with all its digits."""
    if df == NORMAL and abs(x) > 1e150:
        return False
    return -log_tail(x, df, side) > 1e-300


def number(value):
    """A C literal."""
    return "INFINITY" if value == NORMAL else mp.nstr(mp.mpf(value), 20) if isinstance(value, mp.mpf) else repr(value)


def distribution_points():
    """A few hundred points: strata of df, each with centre, switch of method, far tails, and both sides."""
    points = [(0.0, NORMAL, "upper"), (0.0, 0.1, "lower")]
    for df in [0.1, 0.37, 1.0, 2.0, 3.5, 8.0, 23.9, 24.1, 31.0, 150.0, 2345.0, 1e5, 3.3e6, 1e8, NORMAL]:
        switch = float(mp.sqrt(6 / (1 + 10 / mp.mpf(df))))
        for x in [1e-20, 0.3, 0.999 * switch, 1.001 * switch, 2.5, 7.0, 36.0, 1e4, 1e75, 1e300]:
            points += [(x, df, "upper"), (-x, df, "upper")]
    rng = random.Random(20250101)
    points += [random_point(rng) for _ in range(150)]
    return [point for point in points if representable(*point)]


MIXTURE = [  # weight, df, location, scale; the last has scale 0: a known value
    (0.5, 3.0, 0.25, 0.5),
    (0.25, NORMAL, -1.0, 0.125),
    (0.1875, 8.5, 2.0, 1.5),
    (0.0625, 1.0, 0.75, 0.0),
]


def component_tail(x, df, location, scale, side):
    """Tail of one component, a known value being counted on both sides."""
    distance = mp.mpf(x) - location
    if scale > 0:
        return tail(distance / scale, df, side)
    return mp.mpf(distance == 0 or (distance > 0) == (side == "lower"))


def mixture_tail(x, side, mixture=MIXTURE):
    """P(X <= x) or P(X >= x) under a mixture."""
    return mp.fsum(weight * component_tail(x, *component, side) for weight, *component in mixture)


def component_interval(lower, upper, df, location, scale):
    """P(lower <= X <= upper) of one component, from the tails on the side where both are small."""
    if scale == 0:
        return mp.mpf(lower <= location <= upper)
    lower, upper = (mp.mpf(lower) - location) / scale, (mp.mpf(upper) - location) / scale
    if lower > 0:
        return far_tail(lower, df) - far_tail(upper, df)
    if upper < 0:
        return far_tail(upper, df) - far_tail(lower, df)
    return 1 - far_tail(lower, df) - far_tail(upper, df)


def mixture_interval(lower, upper, mixture=MIXTURE):
    """P(lower <= X <= upper) under a mixture."""
    return mp.fsum(weight * component_interval(lower, upper, *component) for weight, *component in mixture)


def rows(name, fields, values):
    """One C array of rows."""
    print(f"\nstatic const struct {{\n    double {fields};\n}} {name}[] = {{")
    for row in values:
        print("    {" + ", ".join(number(value) for value in row) + "},")
    print("};")


def main():
    """Write the header."""
    print("/* Made by `python3 tests/c/make_oracle_distribution.py > tests/c/oracle_distribution.h`. */")
    print("#ifndef ATTAIN_ORACLE_DISTRIBUTION_H\n#define ATTAIN_ORACLE_DISTRIBUTION_H\n\n#include <math.h>")
    rows(
        "ORACLE",
        "x, df, upper, log_tail, log_density",
        [
            (x, df, int(side == "upper"), log_tail(x, df, side), log_density(x, df))
            for x, df, side in distribution_points()
        ],
    )
    rows("ORACLE_MIXTURE", "weight, df, location, scale", MIXTURE)
    places = [-1e9, -100.0, -3.0, -1.5, -1.0, -0.5, 0.0, 0.125, 0.74, 0.76, 1.5, 4.0, 90.0, 1e6]
    rows(
        "ORACLE_MIXTURE_TAIL",
        "x, log_lower, log_upper",
        [(x, mp.log(mixture_tail(x, "lower")), mp.log(mixture_tail(x, "upper"))) for x in places],
    )
    intervals = [(-100.0, -50.0), (-1.5, -1.25), (-3.0, 4.0), (0.0, 0.5), (0.5, 1.0), (0.3, 0.3 + 2.0**-30)]
    intervals += [(60.0, 61.0), (1e6, 1e6 + 0.5), (1e6, 2e6), (-1e9, 1e9), (50.0, 50.0 + 2.0**-20)]
    rows(
        "ORACLE_MIXTURE_INTERVAL",
        "lower, upper, log_probability",
        [(*i, mp.log(mixture_interval(*i))) for i in intervals],
    )
    print("\n#endif")


def check(count):
    """Largest relative difference between the tail and mpmath's incomplete beta function."""
    rng, worst, compared = random.Random(1), mp.mpf(0), 0
    while compared < count:
        x, df, _ = random_point(rng, 30)
        if df > 1e4 or abs(x) < 1e-6:
            continue
        with mp.workdps(60):
            a, x = mp.mpf(df) / 2, mp.mpf(x)
            try:
                beta = mp.betainc(a, mp.mpf(1) / 2, 0, df / (df + x * x), regularized=True) / 2
            except mp.libmp.NoConvergence:
                continue
        worst, compared = max(worst, abs(far_tail(x, df) / beta - 1)), compared + 1
    print(f"worst relative difference {mp.nstr(worst, 3)} over {count} points")


if __name__ == "__main__":
    check(300) if "--check" in sys.argv else main()
