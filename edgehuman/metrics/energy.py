"""Does a window look like anything that a model has learnt: the energy of its outputs.

    energy_N = energy_of(output_NO)
    least = least_energy([energy_N[right_N]], 0.05)
    unlike_N = energy_N < least

The log of the sum of the exponentials of all outputs is high for what a network was taught, and low
for an activity or a mounting that it has never seen, whichever class it then prefers.
Source: Liu et al. 2020, Energy-based out-of-distribution detection, arXiv 2010.03759, section 3.1;
the sign here is that of its score, so that high means known.

Axes: N samples, O outputs.
"""

from __future__ import annotations

import numpy as np

from edgehuman.records import Float32, Float64


def energy_of(output_NO: Float32) -> Float64:
    """Return the energy (N,) of outputs (N, O), before any temperature or weight of placements."""
    return np.asarray(np.logaddexp.reduce(np.asarray(output_NO, np.float64), axis=1))


def least_energy(sets: list[Float64], share: float) -> float | None:
    """Return the energy under which a window is like nothing that was learnt, so that `share` of
    these windows lie under it; each set counts the same.

    Args:
        sets: energies of windows of people held out that were answered rightly.
        share: 0 to under 1; 0: none is rejected, None is returned.
    """
    known = [one for one in sets if one.size]
    if not known or share <= 0:
        return None
    value_N = np.concatenate(known)
    weight_N = np.concatenate([np.full(one.size, 1 / (len(known) * one.size)) for one in known])
    order_N = value_N.argsort()
    below_N = np.cumsum(weight_N[order_N])
    return float(value_N[order_N][np.searchsorted(below_N, share)])
