"""Dense SIFT by VLFeat, as local descriptors beside a network's (paper B, Fig. 3: SIFT-Fisher)."""

import numpy as np

from orderless.errors import OrderlessError


def dense_sift(pixels: np.ndarray, step: int, bin_size: int) -> tuple[np.ndarray, np.ndarray]:
    """SIFT on a regular grid of one image.

    pixels: (h, w, 3) uint8. step: pixels between centres. bin_size: side of one of the 4 x 4 spatial bins in pixels.
    Returns descriptors (n, 128) float32, each of length 512, as VLFeat scales them, or zero; and windows (n, 4) float32,
    x y width height in pixels. Raises OrderlessError if VLFeat is missing, or if the image is smaller than one descriptor.
    """
    try:
        from cyvlfeat.sift import dsift
    except ImportError as error:
        raise OrderlessError("dense SIFT needs VLFeat (README, 'VLFeat and torch'). Install it, or leave SIFT-FV out.") from error
    side = 4 * bin_size
    if min(pixels.shape[:2]) <= side:
        raise OrderlessError(f"an image of {pixels.shape[1]} x {pixels.shape[0]} is smaller than a SIFT of {side}. Lower 'bin'.")
    grey = np.ascontiguousarray(pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32))
    frames, descriptors = dsift(grey, step=step, size=bin_size, fast=True, float_descriptors=True)
    windows = np.empty((len(frames), 4), np.float32)
    windows[:, 0], windows[:, 1] = frames[:, 1] - side / 2, frames[:, 0] - side / 2
    windows[:, 2:] = side
    return descriptors.astype(np.float32), windows
