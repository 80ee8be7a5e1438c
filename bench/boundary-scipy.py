"""Border distances of label maps the usual way, for comparison: whole arrays, and a distance transform of the box around both masks.

Usage: boundary-scipy.py AREAS.json PREDICTION.nii REFERENCE.nii
AREAS.json: area in mm^2 of the surface at a corner of the voxel grid, by the code of its eight voxels.
Prints a JSON object: for each label the 95th percentile of the distances, weighted by area, and surface Dice at 1 mm.
Files are raw NIfTI-1 of uint8, as the benchmark writes them. Needs numpy and scipy.
"""
import json
import sys

import numpy as np
from scipy import ndimage

with open(sys.argv[1]) as stream:
    areas = np.array(json.load(stream))
corner = np.array([[[128, 64], [32, 16]], [[8, 4], [2, 1]]], np.uint8)


def read(path):
    header = np.fromfile(path, np.uint8, 352)
    shape = header[42:48].view(np.int16)
    spacing = header[80:92].view(np.float32)
    return np.fromfile(path, np.uint8, offset=352).reshape(shape, order="F"), spacing.astype(float)


def box_around(mask):
    sides = []
    for axis in range(3):
        planes = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        sides.append(slice(planes[0], planes[-1] + 1))
    return tuple(sides)


def surface(mask):
    """Where the corners of the grid are at the border, and the area there."""
    codes = ndimage.correlate(np.pad(mask, (0, 1)).astype(np.uint8), corner, mode="constant")
    at_border = (codes != 0) & (codes != 255)
    return at_border, areas[codes[at_border]]


def percentile(distances, weights, fraction):
    order = np.argsort(distances)
    rank = np.searchsorted(np.cumsum(weights[order]) / weights.sum(), fraction)
    return distances[order][min(rank, distances.size - 1)]


prediction, _ = read(sys.argv[2])
reference, spacing = read(sys.argv[3])
values = {}
for label in np.unique(reference[reference > 0]):
    masks = [reference == label, prediction == label]
    if not masks[1].any():
        continue
    box = box_around(masks[0] | masks[1])
    (border_r, area_r), (border_p, area_p) = (surface(mask[box]) for mask in masks)
    from_r = ndimage.distance_transform_edt(~border_p, sampling=spacing)[border_r]
    from_p = ndimage.distance_transform_edt(~border_r, sampling=spacing)[border_p]
    hd95 = max(percentile(from_r, area_r, 0.95), percentile(from_p, area_p, 0.95))
    near = area_r[from_r <= 1].sum() + area_p[from_p <= 1].sum()
    values[int(label)] = [float(hd95), float(near / (area_r.sum() + area_p.sum()))]
print(json.dumps(values))
