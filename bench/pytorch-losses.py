"""The article's PyTorch listings on pairs of NIfTI-1 files, raw or gzipped, float32, for comparison.

Usage: pytorch-losses.py PREDICTION.nii REFERENCE.nii sums|overlap|all|sort
       pytorch-losses.py --manifest CASES.csv sums|overlap|all|sort
Prints a JSON object: values of the last pair, seconds of each loss (processorSeconds: of all threads) and of reading over all pairs.
"""
import csv
import gzip
import json
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

what = sys.argv[3]
if sys.argv[1] == "--manifest":
    with open(sys.argv[2], newline="") as manifest:
        pairs = [(row["prediction"], row["reference"]) for row in csv.DictReader(manifest)]
else:
    pairs = [(sys.argv[1], sys.argv[2])]
torch.set_num_threads(2)


def read(file, dtype):
    if not file.endswith(".gz"):
        return np.fromfile(file, dtype=dtype, offset=352)
    with gzip.open(file) as stream:
        return np.frombuffer(stream.read(), dtype=dtype, offset=352).copy()


def dice(smooth=1):
    intersection = (inputs * targets).sum()
    return 1 - (2.0 * intersection + smooth) / (inputs.sum() + targets.sum() + smooth)


def jaccard(smooth=1):
    intersection = (inputs * targets).sum()
    union = (inputs + targets).sum() - intersection
    return 1 - (intersection + smooth) / (union + smooth)


def tversky(smooth=1, alpha=0.5, beta=0.5):
    tp = (inputs * targets).sum()
    fp = ((1 - targets) * inputs).sum()
    fn = (targets * (1 - inputs)).sum()
    return 1 - (tp + smooth) / (tp + alpha * fp + beta * fn + smooth)


def focal_tversky(gamma=2):
    return tversky() ** gamma


def bce():
    return F.binary_cross_entropy(inputs, targets, reduction="mean")


def bce_dice():
    return bce() + dice()


def focal_mean_bce(alpha=0.8, gamma=2):
    value = bce()
    return alpha * (1 - torch.exp(-value)) ** gamma * value


def focal_voxel(alpha=0.8, gamma=2):
    value = F.binary_cross_entropy(inputs, targets, reduction="none")
    return (alpha * (1 - torch.exp(-value)) ** gamma * value).mean()


def focal_lin(alpha=0.8, gamma=2):
    value = F.binary_cross_entropy(inputs, targets, reduction="none")
    weight = alpha * targets + (1 - alpha) * (1 - targets)
    return (weight * (1 - torch.exp(-value)) ** gamma * value).mean()


def combo(form, ratio=0.5, alpha=0.5, smooth=1, eps=1e-9):
    intersection = (inputs * targets).sum()
    d = (2.0 * intersection + smooth) / (inputs.sum() + targets.sum() + smooth)
    p = torch.clamp(inputs, eps, 1.0 - eps)
    if form == "paper":
        w = -(alpha * targets * torch.log(p) + (1 - alpha) * (1.0 - targets) * torch.log(1.0 - p))
    else:
        w = -alpha * (targets * torch.log(p) + (1 - alpha) * (1.0 - targets) * torch.log(1.0 - p))
    return ratio * w.mean() - (1 - ratio) * d


def lovasz_softmax():
    errors = (targets - inputs).abs()
    errors_sorted, order = torch.sort(errors, 0, descending=True)
    labels = targets[order]
    total = labels.sum()
    intersection = total - labels.cumsum(0)
    union = total + (1 - labels).cumsum(0)
    grad = 1.0 - intersection / union
    grad[1:] = grad[1:] - grad[:-1].clone()
    return torch.dot(errors_sorted, grad)


def sort():
    return torch.sort((targets - inputs).abs(), 0, descending=True)[0][0]


overlap = {"dice": dice, "jaccard": jaccard, "tversky": tversky}
sums = overlap | {
    "focal-tversky": focal_tversky,
    "bce": bce,
    "bce-dice": bce_dice,
    "focal:mean-bce": focal_mean_bce,
    "focal:voxel": focal_voxel,
    "focal:lin": focal_lin,
    "combo:article": lambda: combo("article"),
    "combo:code": lambda: combo("code"),
    "combo:paper": lambda: combo("paper"),
}
chosen = {"overlap": overlap, "sums": sums, "all": sums | {"lovasz-softmax": lovasz_softmax}, "sort": {"sort": sort}}[what]
values, seconds, read_seconds = {}, dict.fromkeys(chosen, 0.0), 0.0
processor_seconds = dict.fromkeys(chosen, 0.0)
for prediction_file, reference_file in pairs:
    start = time.perf_counter()
    inputs = torch.from_numpy(read(prediction_file, np.float32))
    targets = torch.from_numpy(read(reference_file, np.uint8)).to(torch.float32)
    read_seconds += time.perf_counter() - start
    for name, loss in chosen.items():
        start, busy = time.perf_counter(), time.process_time()
        values[name] = float(loss())
        seconds[name] += time.perf_counter() - start
        processor_seconds[name] += time.process_time() - busy
print(json.dumps({"readSeconds": read_seconds, "seconds": seconds, "processorSeconds": processor_seconds, "values": values}))
