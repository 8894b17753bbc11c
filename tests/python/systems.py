"""Random linear systems whose answer is known by construction, for `attain.linear`."""

from fractions import Fraction

from attain.linear import Row

SENSES = ("<=", "<=", "<", "=")


def fraction(rng, low=-6, high=6):
    return Fraction(rng.randint(low, high), rng.randint(1, 4))


def positive(rng):
    return Fraction(rng.randint(1, 6), rng.randint(1, 4))


def feasible(rng, variables, count):
    """Rows that one random point satisfies, some exactly: equalities, tight rows and rows without variables too."""
    point = {v: fraction(rng) for v in variables}
    rows = []
    for i in range(count):
        chosen = rng.sample(variables, rng.randint(0, min(3, len(variables))))
        coefficients = {v: fraction(rng) for v in chosen}
        total = sum((c * point[v] for v, c in coefficients.items()), Fraction(0))
        sense = rng.choice(SENSES)
        slack = {"=": Fraction(0), "<": positive(rng), "<=": rng.choice([Fraction(0), positive(rng)])}[sense]
        rows.append(Row(coefficients, sense, total + slack, f"row {i}"))
    return rows, point


def degenerate(rng, variables, count):
    """Rows of which every one is tight at one point, many of them multiples and sums of others."""
    point = {v: fraction(rng) for v in variables}
    rows = []
    for i in range(count):
        coefficients = {v: fraction(rng) for v in variables}
        if rows and rng.random() < 0.5:
            other, scale = rng.choice(rows), positive(rng)
            coefficients = {v: scale * c for v, c in other.coefficients.items()}
        total = sum((c * point[v] for v, c in coefficients.items()), Fraction(0))
        rows.append(Row(coefficients, rng.choice(("<=", "<=", "=")), total, f"row {i}"))
    return rows, point


def conflict(rng, size):
    """Rows that contradict each other, any of which can be left out: all but one are independent, and with random
    multipliers they add up to 0 <= a negative number, 0 < 0, or 0 = a number."""
    names = [f"z{i}" for i in range(size - 1)]
    rows, total, bound = [], {}, Fraction(0)
    for i, name in enumerate(names):
        coefficients = {name: rng.choice((-1, 1)) * positive(rng)}
        coefficients |= {other: fraction(rng) for other in rng.sample(names[:i], min(i, 2))}
        own, multiplier = fraction(rng), positive(rng)
        rows.append(Row(coefficients, rng.choice(SENSES), own, f"planted {i}"))
        for variable, c in coefficients.items():
            total[variable] = total.get(variable, Fraction(0)) + multiplier * c
        bound += multiplier * own
    strict = rng.random() < 0.4
    touching = strict or any(row.sense == "<" for row in rows)
    gap = Fraction(0) if touching and rng.random() < 0.5 else positive(rng)
    against = {variable: -c for variable, c in total.items()}
    sense = "<" if strict else rng.choice(("<=", "=")) if not touching or gap else "<="
    return [*rows, Row(against, sense, -bound - gap, "planted last")]


def beside(rng, rows):
    """Rows that bind nothing: each ties a variable of other rows to one of its own."""
    variables = list(dict.fromkeys(v for row in rows for v in row.coefficients))
    return [
        Row({v: fraction(rng), f"own {i}": positive(rng)}, rng.choice(SENSES), fraction(rng), f"beside {i}")
        for i, v in enumerate(variables)
    ]


def mixed(rng, variables, count):
    """Rows of small numbers about whose solution nothing is known."""
    return [
        Row(
            {v: Fraction(rng.randint(-2, 2)) for v in rng.sample(variables, rng.randint(0, len(variables)))},
            rng.choice(SENSES), Fraction(rng.randint(-2, 6)), f"row {i}",
        )
        for i in range(count)
    ]  # fmt: skip


def solvable(rows):
    """Have rows a solution, by elimination of one variable after the other (Fourier and Motzkin)?"""
    left = [row for row in rows if row.sense != "="]
    for row in rows:
        if row.sense == "=":
            opposite = Row({v: -c for v, c in row.coefficients.items()}, "<=", -row.bound)
            left += [Row(row.coefficients, "<=", row.bound), opposite]
    for variable in dict.fromkeys(v for row in rows for v in row.coefficients):
        sides = {1: [], 0: [], -1: []}
        for row in left:
            c = row.coefficients.get(variable, 0)
            sides[(c > 0) - (c < 0)].append(row)
        left = sides[0] + [without(variable, above, below) for above in sides[1] for below in sides[-1]]
    return all(row.holds({}) for row in left)


def without(variable, above, below):
    """The sum of two rows in which a variable cancels out."""
    times, also = -below.coefficients[variable], above.coefficients[variable]
    names = {*above.coefficients, *below.coefficients} - {variable}
    added = {v: times * above.coefficients.get(v, 0) + also * below.coefficients.get(v, 0) for v in names}
    return Row(added, "<" if above.strict or below.strict else "<=", times * above.bound + also * below.bound)
