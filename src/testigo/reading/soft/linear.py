"""Small matrix products and least squares, on one thread.

OpenCV does them, because its threads can be switched off from within (``opening`` does); the library behind numpy's
products starts as many threads as the machine has cores, which costs a hundred times what such small ones take.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

cv2.setNumThreads(1)
_NOTHING = np.zeros((0, 0), np.float32)


def product_of_transposed(a: Singles, b: Singles) -> Singles:
    """``a.T @ b``."""
    return np.asarray(cv2.gemm(a, b, 1.0, _NOTHING, 0.0, flags=cv2.GEMM_1_T), np.float32)


def product(a: Singles, b: Singles) -> Singles:
    """``a @ b``."""
    return np.asarray(cv2.gemm(a, b, 1.0, _NOTHING, 0.0), np.float32)


def least_squares(table: Floats, wanted: Floats, ridge: float = 1e-6) -> Floats:
    """The x with the least ``|table x - wanted|^2 + ridge |x|^2`` (ridge as a share of the mean diagonal).

    Args:
        table: shape (rows, unknowns).
        wanted: shape (rows,) or (rows, k).
    """
    right = wanted.reshape(len(wanted), -1)
    square = np.asarray(cv2.mulTransposed(table, True), np.float64)
    square += np.eye(len(square)) * (ridge * max(float(np.trace(square)) / len(square), 1e-12))
    both = cv2.gemm(table, right, 1.0, np.zeros((0, 0)), 0.0, flags=cv2.GEMM_1_T)
    _, solution = cv2.solve(square, both, flags=cv2.DECOMP_LU)
    found = np.asarray(solution, np.float64)
    return found[:, 0] if wanted.ndim == 1 else found
