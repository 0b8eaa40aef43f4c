"""Arguments of every magnitude and sign."""

from __future__ import annotations

MAGNITUDES = [
    *(0.0, 5e-324, 1e-308, 1e-300, 1e-200, 1e-100, 1e-16, 1e-8, 1e-4, 0.1, 0.25),
    *(0.5 - 1e-12, 0.5, 0.5 + 1e-12, 0.75, 1 - 1e-10, 1 - 2**-53, 1.0, 1 + 2**-52, 1 + 1e-8),
    *(2.0, 2.5, 3.0, 10.0, 20.0, 30.0, 36.7, 40.0, 100.0, 350.0, 700.0, 709.0, 745.0, 800.0),
    *(1e4, 1e10, 1e16, 1e100, 1e154, 1e155, 1e200, 1e300, 1.7e308),
]
FEW = [0.0, 1e-300, 1e-8, 0.3, 1.0, 1 + 2**-52, 2.5, 40.0, 800.0, 1e10, 1e10 + 1, 1e100, 1e200]
THREE = [0.0, 1e-300, 0.3, 1.0, 40.0, 1e200]


def signed(magnitudes):
    return magnitudes + [-m for m in magnitudes if m]
