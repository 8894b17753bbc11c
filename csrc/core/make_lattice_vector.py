"""Writes csrc/core/lattice_vector.h: the generating vector of an embedded rank-1 lattice of 2^10 to 2^17 points.

    python3 csrc/core/make_lattice_vector.py > csrc/core/lattice_vector.h        (NumPy; seconds)

Component by component, all odd candidates at once (Nuyens & Cools 2006): the squared worst-case error of a lattice of
2^m points in the Korobov space of smoothness 2 with product weights 1/j^WEIGHT_POWER is the mean over its points of
prod_j (1 + weight_j * 2 pi^2 B_2({k z_j / 2^m})), minus 1. The points k with the same power of two form a cyclic group
under multiplication by 5, so their sums over all candidates are one circular convolution. A candidate is as good as
its worst ratio, over m, to the best candidate at that m (Cools, Kuo & Nuyens 2006).
"""

import numpy as np

FIRST, LAST, DIMENSIONS, WEIGHT_POWER = 10, 17, 256, 1


def powers_of_five(level):
    """5^i mod 2^level; with -1 they generate all odd residues."""
    power, out = 1, np.empty(max(1, 2**level // 4), np.int64)
    for i in range(len(out)):
        out[i] = power
        power = power * 5 % 2**level
    return out


def kernel(fraction):
    """2 pi^2 B_2."""
    return 2 * np.pi**2 * (fraction * fraction - fraction + 1 / 6)


def sums_of_level(level, orbit, product):
    """Sum over odd k < 2^level of product[k] kernel(k z / 2^level) for z = 5^i, i over the orbit."""
    if level < 2:
        return np.full(1, product[1] * kernel(0.5)) if level else np.full(1, product[0] * kernel(0.0))
    folded = product[orbit] + product[2**level - orbit]
    spectrum = np.conj(np.fft.rfft(folded)) * np.fft.rfft(kernel(orbit / 2**level))
    return np.fft.irfft(spectrum, len(orbit)) if len(orbit) > 1 else folded * kernel(orbit / 2**level)


def main():
    """Write the header."""
    size, orbits = 2**LAST, [powers_of_five(level) for level in range(LAST + 1)]
    product, index = np.ones(size), np.arange(size, dtype=np.int64)
    vector = []
    for j in range(1, DIMENSIONS + 1):
        total, worst = np.zeros(len(orbits[LAST])), np.zeros(len(orbits[LAST]))
        for level in range(LAST + 1):
            part = sums_of_level(level, orbits[level], product[:: size >> level])
            total += np.tile(part, len(total) // len(part))
            if level >= FIRST:
                error = (product[:: size >> level].sum() + total / j**WEIGHT_POWER) / 2**level - 1
                worst = np.maximum(worst, error / error.min())
        z = int(orbits[LAST][np.argmin(worst)])
        vector.append(z)
        product *= 1 + kernel(index * z % size / size) / j**WEIGHT_POWER
    print(
        "/* Made by `python3 csrc/core/make_lattice_vector.py > csrc/core/lattice_vector.h`. */\n/* clang-format off */"
    )
    print("#ifndef ATTAIN_CORE_LATTICE_VECTOR_H\n#define ATTAIN_CORE_LATTICE_VECTOR_H\n\n#include <stdint.h>\n")
    print(f"#define LATTICE_DIMENSIONS {DIMENSIONS}\n#define LATTICE_MOST_POINTS (1u << {LAST})\n")
    print("static const uint32_t LATTICE_VECTOR[LATTICE_DIMENSIONS] = {")
    for start in range(0, DIMENSIONS, 10):
        print("    " + ", ".join(map(str, vector[start : start + 10])) + ",")
    print("};\n\n#endif")


if __name__ == "__main__":
    main()
