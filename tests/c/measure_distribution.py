"""Measures distribution.c and mixture.c against mpmath on random points; figures of docs/accuracy.md come from here.

    python3 tests/c/measure_distribution.py LIBRARY [POINTS [MARGINS]]

LIBRARY is the core linked as a shared object, its names not hidden, POINTS how many random points of the distributions
(10000), MARGINS how many random margins (500).
"""

import ctypes
import random
import sys

import mpmath as mp
from make_oracle_distribution import (
    NORMAL,
    log_density,
    log_tail,
    mixture_interval,
    mixture_tail,
    random_point,
    representable,
)

SIDES = {"lower": 0, "upper": 1}
DOUBLES = ctypes.POINTER(ctypes.c_double)


class Margin(ctypes.Structure):
    """att_margin."""

    _fields_ = [("components", ctypes.c_size_t)] + [(name, DOUBLES) for name in ("weight", "df", "location", "scale")]


def load(path):
    """The core, its return types declared."""
    library = ctypes.CDLL(path)
    library.att_log_tail.argtypes = library.att_quantile.argtypes = [
        ctypes.c_double,
        ctypes.c_double,
        ctypes.c_int,
    ]
    library.att_log_density.argtypes = [ctypes.c_double, ctypes.c_double]
    for function in (library.att_log_tail, library.att_quantile, library.att_log_density):
        function.restype = ctypes.c_double
    return library


def relative(value, exact):
    """Relative error."""
    return float(abs(mp.mpf(value) / exact - 1))


def quantile_error(library, df, side, exact):
    """Error of the log of the smaller tail at the quantile of the double next to an exact log tail."""
    log_p = float(exact)
    found = library.att_quantile(log_p, df, SIDES[side])
    if mp.isinf(found):
        return 0.0
    far = "upper" if found > 0 else "lower"
    wanted = log_p if far == side else mp.log(-mp.expm1(mp.mpf(log_p)))
    return relative(log_tail(found, df, far), wanted)


def distribution_errors(library, rng):
    """Errors at one random point."""
    x, df, side = random_point(rng, 300)
    while not representable(x, df, side):
        x, df, side = random_point(rng, 300)
    exact, kind = log_tail(x, df, side), "normal" if df == NORMAL else "t"
    yield f"att_log_tail, {kind}", relative(library.att_log_tail(x, df, SIDES[side]), exact), (x, df, side)
    yield f"att_log_density, {kind}", relative(library.att_log_density(x, df), log_density(x, df)), (x, df)
    yield f"att_quantile, {kind}", quantile_error(library, df, side, exact), (x, df, side)


def random_mixture(rng):
    """Up to six components, scales over four orders of magnitude."""
    count = rng.randint(1, 6)
    sizes = [rng.random() ** 3 + 1e-6 for _ in range(count)]
    dfs = [rng.choice([NORMAL, 10 ** rng.uniform(0, 3)]) for _ in sizes]
    return [
        (s / sum(sizes), df, rng.uniform(-2, 2), 10 ** rng.uniform(-3, 1)) for s, df in zip(sizes, dfs, strict=True)
    ]


def margin_of(mixture):
    """att_margin."""
    columns = [(ctypes.c_double * len(mixture))(*map(float, column)) for column in zip(*mixture, strict=True)]
    return Margin(len(mixture), *(ctypes.cast(column, DOUBLES) for column in columns))


def normalised(mixture):
    """The mixture with weights that sum to one in 40 digits, as the core divides them."""
    total = mp.fsum(weight for weight, *_ in mixture)
    return [(mp.mpf(weight) / total, *rest) for weight, *rest in mixture]


def mixture_errors(library, rng):
    """Errors of one random margin."""
    rough, out = random_mixture(rng), ctypes.c_double()
    margin, mixture = margin_of(rough), normalised(rough)
    x = rng.choice([rng.uniform(-5, 5), rng.choice([-1, 1]) * 10 ** rng.uniform(0, 6)])
    width = rng.choice([10 ** rng.uniform(-9, 1), 10 ** rng.uniform(-3, 6)])
    p = rng.choice([rng.random(), 10 ** rng.uniform(-300, 0), 1 - 10 ** rng.uniform(-16, 0)])
    tails = {side: mixture_tail(x, side, mixture) for side in SIDES}
    for side, near in (("lower", "upper"), ("upper", "lower")):
        exact = mp.log(tails[side]) if tails[side] < 0.5 else mp.log1p(-tails[near])
        library.att_margin_log_tail(ctypes.byref(margin), ctypes.c_double(x), SIDES[side], ctypes.byref(out))
        if -exact > 1e-300:
            yield "att_margin_log_tail", relative(out.value, exact), (x, side, rough)
    exact = mp.log(mixture_interval(x, x + width, mixture))
    library.att_margin_log_interval(
        ctypes.byref(margin), ctypes.c_double(x), ctypes.c_double(x + width), ctypes.byref(out)
    )
    yield "att_margin_log_interval", float(abs(out.value - exact) / max(1, -exact)), (x, width, rough)
    if 0 < p < 1:
        library.att_margin_quantile(ctypes.byref(margin), ctypes.c_double(p), ctypes.byref(out))
        side, wanted = ("lower", mp.log(p)) if p <= 0.5 else ("upper", mp.log1p(-mp.mpf(p)))
        yield (
            "att_margin_quantile",
            relative(mp.log(mixture_tail(out.value, side, mixture)), wanted),
            (p, out.value, rough),
        )


def measure(errors, library, count, worst):
    """Keep the worst error of each name over `count` draws."""
    rng = random.Random(7)
    for _ in range(count):
        for name, error, where in errors(library, rng):
            worst[name] = max(worst.get(name, (0.0, ())), (error, where), key=lambda pair: pair[0])


def main():
    """Print the worst error of each function and where it was met."""
    library, counts = load(sys.argv[1]), [int(count) for count in sys.argv[2:]]
    points, margins = (counts + [10000, 500][len(counts) :])[:2]
    worst = {}
    measure(distribution_errors, library, points, worst)
    measure(mixture_errors, library, margins, worst)
    print(points, "points,", margins, "margins")
    for name, (error, where) in worst.items():
        print(f"{name}: {error:.2g} at {where}")


if __name__ == "__main__":
    main()
