"""Writes tests/c/oracle_rectangle.h: rectangles of variables that share one factor, from mpmath.

    python3 tests/c/make_oracle_rectangle.py > tests/c/oracle_rectangle.h

P = integral of phi(f) prod_i (Phi((upper_i - l_i f) / s_i) - Phi((lower_i - l_i f) / s_i)) df, s_i^2 = 1 - l_i^2, by
Gauss-Legendre panels in 30 digits; equal bounds and two loads that alternate. For the t a second integral over the
scale.
"""

import mpmath as mp

mp.mp.dps = 30


def mass(low, high):
    """P(low <= Z <= high), 0 <= low or low < 0."""
    root = mp.sqrt(2)
    if low > 0:
        return (mp.erfc(low / root) - (0 if high == mp.inf else mp.erfc(high / root))) / 2
    return 1 - mp.erfc(-low / root) / 2 - (0 if high == mp.inf else mp.erfc(high / root) / 2)


def given_scale(dimensions, lower, upper, loads, scale=1):
    """The normal probability, bounds times scale."""
    counts = [(dimensions + 1) // 2, dimensions // 2]

    def integrand(f):
        value = mp.npdf(f)
        for load, count in zip(loads, counts, strict=True):
            spread = mp.sqrt(1 - mp.mpf(load) ** 2)
            high = mp.inf if upper == mp.inf else (upper * scale - load * f) / spread
            value *= mass((lower * scale - load * f) / spread, high) ** count
        return value

    return mp.quad(integrand, mp.linspace(-12, 24, 37), method="gauss-legendre", maxdegree=5)


def student(df, *case):
    """The t probability: the scale r = sqrt(chi^2 / df) has the density of log r below."""
    a = mp.mpf(df) / 2

    def integrand(s):
        return given_scale(*case, mp.exp(s)) * mp.exp(
            mp.log(2) + a * mp.log(a) - mp.loggamma(a) + 2 * a * s - a * mp.exp(2 * s)
        )

    with mp.workdps(15):
        return mp.quad(integrand, mp.linspace(-8, 2, 11), method="gauss-legendre", maxdegree=4)


# dimensions, lower, upper, loads: p near 1e-4, 1e-8, 1e-12, and the body
CASES = [(d, mp.mpf(b), mp.inf, (mp.sqrt(mp.mpf(1) / 2),) * 2) for d, b in [(5, "1.85"), (5, "3.34"), (5, "4.4")]]
CASES += [(d, mp.mpf(b), mp.inf, (mp.sqrt(mp.mpf(1) / 2),) * 2) for d, b in [(10, "1.5"), (10, "2.94"), (10, "3.96")]]
CASES += [(d, mp.mpf(b), mp.inf, (mp.sqrt(mp.mpf(1) / 2),) * 2) for d, b in [(25, "1.05"), (25, "2.42"), (25, "3.4")]]
CASES += [
    (8, mp.mpf(-1), mp.mpf(2), (mp.mpf("0.9"), mp.mpf("0.3"))),
    (8, mp.mpf(1), mp.mpf(2), (mp.mpf("0.8"), mp.mpf("0.5"))),
]
CASES += [(6, mp.mpf(-1), mp.mpf(1), (mp.mpf("0.7"), mp.mpf("-0.6")))]
STUDENTS = [
    (3, (4, mp.mpf(1), mp.inf, (mp.mpf("0.7"), mp.mpf("0.4")))),
    (10, (4, mp.mpf(-1), mp.mpf(2), (mp.mpf("0.8"),) * 2)),
]
STUDENTS += [(5, (6, mp.mpf(8), mp.inf, (mp.mpf("0.6"),) * 2))]


def number(value):
    """A C literal."""
    return "INFINITY" if value == mp.inf else mp.nstr(mp.mpf(value), 18)


def main():
    """Write the header."""
    print("/* Made by `python3 tests/c/make_oracle_rectangle.py > tests/c/oracle_rectangle.h`. */")
    print("#ifndef ATTAIN_ORACLE_RECTANGLE_H\n#define ATTAIN_ORACLE_RECTANGLE_H\n\n#include <math.h>\n")
    print("static const struct {\n    double dimensions, lower, upper, even_load, odd_load, df, log_probability;")
    print("} ORACLE_FACTOR[] = {")
    for d, low, high, loads in CASES:
        value = mp.log(given_scale(d, low, high, loads))
        print("    {" + ", ".join(map(number, (d, low, high, *loads, mp.inf, value))) + "},", flush=True)
    for df, (d, low, high, loads) in STUDENTS:
        value = mp.log(student(df, d, low, high, loads))
        print("    {" + ", ".join(map(number, (d, low, high, *loads, df, value))) + "},", flush=True)
    print("};\n\n#endif")


if __name__ == "__main__":
    main()
