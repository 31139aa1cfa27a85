"""ISO 15765-2: messages longer than a frame, put together again; all messages of one length at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SINGLE, FIRST, CONSECUTIVE = 0, 1, 2
IN_FIRST, IN_CONSECUTIVE = 6, 7


@dataclass(frozen=True, eq=False)
class Whole:
    """Messages of one length.

    Parameters
    ----------
    first
        Index of each one's first frame among the frames of its sender, shape ``(n,)``.
    content
        Its bytes, shape ``(n, length)``.
    """

    first: NDArray[np.int64]
    content: NDArray[np.uint8]


def reassembled(data: NDArray[np.uint8]) -> tuple[list[Whole], int]:
    """Put together what one sender sent.

    Parameters
    ----------
    data
        The bytes of its frames in the order of their times, shape ``(n, 8)``.

    Returns
    -------
    The messages, grouped by length, and how many are left out because frames of them are missing.

    Notes
    -----
    ISO 15765-2: the upper half of the first byte tells a single frame (0), a first frame (1, with 12 bits of length and 6 bytes) or a
    consecutive one (2, with a number that counts 1 … 15, 0, 1 … and 7 bytes).
    """
    kind = data[:, 0] >> 4
    size = np.where(kind == SINGLE, data[:, 0] & 15, (data[:, 0].astype(np.int64) & 15) << 8 | data[:, 1])
    found: list[Whole] = []
    broken = 0
    singles = np.flatnonzero((kind == SINGLE) & (size > 0) & (size <= 7))
    for length in np.unique(size[singles]):
        at = singles[size[singles] == length]
        found.append(Whole(at, data[at, 1 : 1 + length]))
    # Flow control (3) goes the other way, but some loggers show it under the sender's own identifier.
    relevant = np.flatnonzero(kind != 3)
    begins = np.flatnonzero((kind[relevant] == FIRST) & (size[relevant] > 7))
    for length in np.unique(size[relevant[begins]]):
        at = begins[size[relevant[begins]] == length]
        whole, lost = _joined(data[relevant], at, int(length))
        found.append(Whole(relevant[whole.first], whole.content))
        broken += lost
    return [w for w in found if len(w.first)], broken


def _joined(data: NDArray[np.uint8], at: NDArray[np.int64], length: int) -> tuple[Whole, int]:
    follow = -(-(length - IN_FIRST) // IN_CONSECUTIVE)
    fits = at[at + follow < len(data)]
    rows = fits[:, None] + np.arange(1, follow + 1)
    heads = data[rows, 0]
    expected = (CONSECUTIVE << 4 | np.arange(1, follow + 1) & 15).astype(np.uint8)
    whole = (heads == expected).all(axis=1)
    parts = data[rows[whole], 1:].reshape(-1, follow * IN_CONSECUTIVE)
    content = np.concatenate([data[fits[whole], 2:], parts], axis=1)[:, :length]
    return Whole(fits[whole], content), len(at) - int(whole.sum())
