#!/usr/bin/env python3
"""Derives the polynomial coefficients of the SIMD back end's vector math (Backends/Simd/Math/LaneMath.*.cs).

Needs mpmath (Debian: python3-mpmath).   python3 minimax.py [NAME...]      prints C# constants and the fit's error.

Each entry of FITS asks for the polynomial p that minimises max |weight(x) * (f(x) - p(x))| over an interval, found with
Remez' exchange algorithm, and rounds its coefficients to the format. (The terms that matter most, such as exp's 1 + r, are kept out of
the polynomials and are exact, so rounding the others costs little.)
The printed error is that of the rounded polynomial in exact arithmetic; what the code reaches is measured by the tests.
"""
import sys
from mpmath import mp, mpf, matrix, lu_solve, cos, pi, exp, log, erf, erfc, expm1, log1p, sqrt, floor, ldexp, frexp, sign

mp.prec = 220


def round_to(value, bits):
    """value rounded to a significand of `bits` bits (24: float, 53: double), to nearest."""
    if value == 0:
        return mpf(0)
    mantissa, exponent = frexp(value)
    return ldexp(mp.nint(ldexp(mantissa, bits)), exponent - bits)


def evaluate(coefficients, powers, x):
    return sum(c * x ** k for c, k in zip(coefficients, powers))


def remez(target, weight, powers, low, high, rounds=12, grid_size=1200):
    """Minimax coefficients for sum c_k x^k over `powers`, and the levelled error."""
    count = len(powers)
    grid = [low + (high - low) * (1 - cos(pi * i / grid_size)) / 2 for i in range(grid_size + 1)]
    f_grid = [target(x) for x in grid]
    w_grid = [weight(x) for x in grid]
    basis = [[x ** k for k in powers] for x in grid]
    nodes = [round(grid_size * i / mpf(count)) for i in range(count + 1)]
    nodes = [int(n) for n in nodes]
    coefficients, level = None, None
    for _ in range(rounds):
        a, b = matrix(count + 1, count + 1), matrix(count + 1, 1)
        for row, n in enumerate(nodes):
            for column in range(count):
                a[row, column] = w_grid[n] * basis[n][column]
            a[row, count] = (-1) ** row
            b[row] = w_grid[n] * f_grid[n]
        solution = lu_solve(a, b)
        coefficients = [solution[k] for k in range(count)]
        errors = [w * (f - sum(c * t for c, t in zip(coefficients, row))) for w, f, row in zip(w_grid, f_grid, basis)]
        level = max(abs(e) for e in errors)
        # One extremum for each run of equal sign; keep the count+1 consecutive ones with the largest smallest member.
        # A zero weight gives a zero error, which must not end a run.
        runs, start = [], next(i for i, e in enumerate(errors) if e != 0)
        first = start
        for i in range(first + 1, len(errors) + 1):
            if i == len(errors) or sign(errors[i]) * sign(errors[start]) < 0:
                runs.append(max(range(start, i), key=lambda j: abs(errors[j])))
                start = i
        while len(runs) > count + 1:
            runs.pop(0 if abs(errors[runs[0]]) < abs(errors[runs[-1]]) else -1)
        if len(runs) < count + 1 or runs == nodes:
            break
        nodes = runs
    return coefficients, level


def fit(target, weight, powers, low, high, bits):
    """Rounded minimax coefficients (lowest power first) and their largest weighted error."""
    coefficients = [round_to(c, bits) for c in remez(target, weight, powers, low, high)[0]]
    points = [low + (high - low) * (1 - cos(pi * i / 2000)) / 2 for i in range(2001)]
    return coefficients, max(abs(weight(x) * (target(x) - evaluate(coefficients, powers, x))) for x in points)


def series(f, x, terms):
    """f(x), or sum terms_k x^k for tiny x, where f would cancel."""
    return sum(t * x ** k for k, t in enumerate(terms)) if abs(x) < mpf(2) ** -30 else f(x)


LN2, ONE = log(mpf(2)), mpf(1)
HALF_LN2 = LN2 / 2 * (ONE + mpf(2) ** -20)
HALF = ONE / 2 + mpf(2) ** -20
SQRT_HALF = sqrt(ONE / 2)
two_over_sqrt_pi = 2 / sqrt(pi)


def exp_tail(r):     # exp(r) = 1 + r + r^2 q(r)
    return series(lambda t: (expm1(t) - t) / t ** 2, r, [1 / mpf(2), 1 / mpf(6), 1 / mpf(24)])


def exp2_tail(r):    # 2^r = 1 + r q(r)
    return series(lambda t: expm1(t * LN2) / t, r, [LN2, LN2 ** 2 / 2, LN2 ** 3 / 6])


def log_tail(f):     # log(1 + f) = f - f^2 / 2 + f^3 q(f)
    return series(lambda t: (log1p(t) - t + t * t / 2) / t ** 3, f, [1 / mpf(3), -1 / mpf(4), 1 / mpf(5)])


def atanh_tail(z):   # log((1 + s) / (1 - s)) = 2 s + s z q(z) with z = s^2
    return series(lambda t: (2 * mp.atanh(sqrt(t)) / sqrt(t) - 2) / t, z, [2 / mpf(3), 2 / mpf(5), 2 / mpf(7)])


def tanh_head(z):    # tanh(x) = x + x z q(z), z = x^2
    return series(lambda t: (mp.tanh(sqrt(t)) / sqrt(t) - 1) / t, z, [-1 / mpf(3), 2 / mpf(15), -17 / mpf(315)])


def erf_head(z):     # erf(x) = x + x q(x^2)
    return series(lambda t: erf(sqrt(t)) / sqrt(t) - 1, z, [two_over_sqrt_pi - 1, -two_over_sqrt_pi / 3, two_over_sqrt_pi / 10])


def erfc_log(centre):  # erfc(t) = exp(-q(t - centre))
    return lambda u: -log(erfc(u + centre))


def erfc_weight(centre):
    return lambda u: erfc(u + centre) / erf(u + centre)


# name: (function of the variable, weight that turns its error into the result's relative error, powers, interval, bits)
FITS = {
    "ExpFloat": (exp_tail, lambda r: r * r / exp(r), range(5), -HALF_LN2, HALF_LN2, 24),
    "Exp2Float": (exp2_tail, lambda r: abs(r) / mpf(2) ** r, range(6), -HALF, HALF, 24),
    "LogFloat": (log_tail, lambda f: series(lambda t: t ** 3 / log1p(t), f, [0, 0, 1]), range(8), SQRT_HALF - 1, 2 * SQRT_HALF - 1, 24),
    "TanhHeadFloat": (tanh_head, lambda z: z / (1 + z * tanh_head(z)), range(5), mpf(0), mpf("0.3026"), 24),
    "ErfHeadFloat": (erf_head, lambda z: 1 / (1 + erf_head(z)), range(7), mpf(0), mpf("0.8464"), 24),
    "ErfTailFloat": (erfc_log(0), erfc_weight(0), range(8), mpf("0.92"), mpf("3.95"), 24),
    "ExpDouble": (exp_tail, lambda r: r * r / exp(r), range(10), -HALF_LN2, HALF_LN2, 53),
    "Exp2Double": (exp2_tail, lambda r: abs(r) / mpf(2) ** r, range(11), -HALF, HALF, 53),
    "LogDouble": (atanh_tail, lambda z: z / 2, range(7), mpf(0), (3 - 2 * sqrt(mpf(2))) ** 2 * (ONE + mpf(2) ** -20), 53),
    "ErfHeadDouble": (erf_head, lambda z: 1 / (1 + erf_head(z)), range(13), mpf(0), ONE, 53),
    "ErfTailDouble": (erfc_log(2), erfc_weight(2), range(21), mpf(-1), mpf("3.95"), 53),
}


def main(names):
    for name in names or FITS:
        target, weight, powers, low, high, bits = FITS[name]
        coefficients, error = fit(target, weight, list(powers), low, high, bits)
        print(f"// {name}: relative error 2^{mp.nstr(log(error) / LN2, 4)}", flush=True)
        suffix = "f" if bits == 24 else ""
        for power, c in zip(powers, coefficients):
            print(f"    c{power} = {mp.nstr(c, 9 if bits == 24 else 17)}{suffix};", flush=True)


main(sys.argv[1:])
