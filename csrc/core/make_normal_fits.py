"""Writes csrc/core/normal_fits.h: two rational functions that normal_batch.inc evaluates.

    python3 csrc/core/make_normal_fits.py > csrc/core/normal_fits.h        (mpmath; about a minute)

MILLS     exp(a^2/2) P(Z >= a) = numerator(a) / denominator(a) for a >= 0
QUANTILE  t - z = numerator(t) / denominator(t), where P(Z >= z) = exp(-t^2/2) <= 1/2, for t up to 64

Each is the least-squares solution of numerator - f denominator = 0, weighted by 1 / (f times the last denominator),
and weighted again where the error is large until it is level (Lawson). Coefficients from the constant up.
"""

import mpmath as mp

mp.mp.dps = 150
FIRST = mp.sqrt(2 * mp.log(2))  # t where z = 0
LAST = 64
POINTS = 160


def mills(a):
    """exp(a^2/2) P(Z >= a)."""
    return mp.exp(a * a / 2) * mp.erfc(a / mp.sqrt(2)) / 2


def shortfall(t):
    """t - z with P(Z >= z) = exp(-t^2/2)."""
    z = t - mp.log(2 * mp.pi * t * t) / (2 * t) if t > 3 else t - FIRST
    for _ in range(100):
        rise = mp.log(mp.erfc(z / mp.sqrt(2)) / 2) + t * t / 2
        step = rise * mills(z) * mp.sqrt(2 * mp.pi)
        z += step
        if abs(step) < mp.mpf(10) ** -40:
            return t - z
    raise ArithmeticError(t)


def fit(f, points, over, under, rounds=40):
    """Numerator of degree `over`, denominator of degree `under` with constant 1, and the largest relative error."""
    values = [f(x) for x in points]
    weight, scale = [mp.mpf(1)] * len(points), [(1 + x) ** under for x in points]
    best = None
    for _ in range(rounds):
        rows, right = [], []
        for x, y, w, s in zip(points, values, weight, scale, strict=True):
            factor = mp.sqrt(w) / (y * s)
            rows.append([factor * x**k for k in range(over + 1)] + [-factor * y * x**k for k in range(1, under + 1)])
            right.append(factor * y)
        solution = mp.lu_solve(mp.matrix(rows), mp.matrix(right))
        top, bottom = list(solution[: over + 1]), [mp.mpf(1), *solution[over + 1 :]]
        scale = [mp.polyval(bottom[::-1], x) for x in points]
        error = [abs(mp.polyval(top[::-1], x) / s / y - 1) for x, y, s in zip(points, values, scale, strict=True)]
        if best is None or max(error) < best[2]:
            best = top, bottom, max(error)
        weight = [w * e for w, e in zip(weight, error, strict=True)]
        total = mp.fsum(weight) / len(weight)
        weight = [w / total + mp.mpf(10) ** -12 for w in weight]
    return best


def chebyshev(count):
    """Chebyshev points of (-1, 1)."""
    return [mp.cos(mp.pi * (2 * k + 1) / (2 * count)) for k in range(count)]


def write(name, top, bottom, error):
    """Two C arrays."""
    print(f"/* largest relative error {mp.nstr(error, 2)} */")
    for part, values in (("OVER", top), ("UNDER", bottom)):
        print(f"static const double {name}_{part}[] = {{")
        for value in values:
            print(f"    {mp.nstr(value, 17)},")
        print("};")


def main():
    """Write the header."""
    half_line = [mp.mpf(0)] + [2 * (1 - x) / (1 + x) for x in chebyshev(POINTS)]
    ratio = mp.log(LAST / FIRST)
    segment = [FIRST * mp.exp(ratio * (x + 1) / 2) for x in chebyshev(POINTS)] + [FIRST]
    print("/* Made by `python3 csrc/core/make_normal_fits.py > csrc/core/normal_fits.h`. */\n/* clang-format off */")
    print("#ifndef ATTAIN_CORE_NORMAL_FITS_H\n#define ATTAIN_CORE_NORMAL_FITS_H\n")
    write("MILLS", *fit(mills, half_line, 8, 9))
    write("QUANTILE", *fit(shortfall, segment, 7, 7))
    print("\n#endif")


if __name__ == "__main__":
    main()
