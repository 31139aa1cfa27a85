"""A voltage curve and its slope, as smooth as its noise allows."""

from __future__ import annotations

import numpy as np

from cellwright.measure.modules.string import Floats

WINDOW = 31
WITHIN = 1.5
"""Mean distance of readings from their smoothed curve, in standard deviations of the noise: 0.8 where only noise is between them."""


def smoothed(place: Floats, volt: Floats, rounding: float) -> tuple[Floats, Floats]:
    """Return voltage [V] and slope [V/Ah] at evenly spaced places [Ah]: smoothed wherever that stays within the noise, as on a plateau.

    In a knee they are as read. ``rounding`` [V] is that of one reading: where most neighbours read alike, their differences show less
    noise than there is. Noise in a slope that readings are fitted with would pull what is fitted towards nothing (errors in variables).
    """
    # They take more than a second to load, which every worker would pay, and few recordings are of modules.
    from scipy.ndimage import uniform_filter1d
    from scipy.signal import savgol_filter

    raw = np.gradient(volt, place)
    if len(volt) <= WINDOW:
        return volt, raw
    noise = max(1.4826 * float(np.median(np.abs(np.diff(volt, 2)))) / np.sqrt(6), rounding)
    smooth = savgol_filter(volt, WINDOW, 2)
    step = (place[-2] - place[0]) / (len(place) - 2)
    follows = uniform_filter1d(np.abs(smooth - volt), WINDOW // 4) <= WITHIN * noise
    return np.where(follows, smooth, volt), np.where(follows, savgol_filter(volt, WINDOW, 2, deriv=1, delta=step), raw)
