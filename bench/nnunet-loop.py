"""Counts of label maps the way nnU-Net's evaluation takes them, for comparison: whole volumes, and one label after the other.

Usage: nnunet-loop.py CASES.csv LABELS PROCESSES SUMMARY.json
Stands for `nnUNetv2_evaluate_folder`: each process of a pool takes a case, reads both files into float32 arrays as its
readers do, and for each label compares both with it, and sums what is in both masks, in one of them, in neither.
Nothing of nnU-Net itself is needed. LABELS: the labels are 1 to this. Writes counts, Dice and IoU of each case under the
names that nnU-Net gives them, and prints the peak memory of a process. Needs numpy and nibabel.
"""
import csv
import json
import multiprocessing
import resource
import sys

import nibabel
import numpy as np


def read(path):
    # From the stored integers; nnU-Net's own reader of this library goes through float64, which takes longer.
    return np.asarray(nibabel.load(path).dataobj).transpose(2, 1, 0).astype(np.float32)


def counts(reference, prediction):
    counted = np.ones_like(reference, dtype=bool)
    tp = int(np.sum((reference & prediction) & counted))
    fp = int(np.sum((~reference & prediction) & counted))
    fn = int(np.sum((reference & ~prediction) & counted))
    tn = int(np.sum((~reference & ~prediction) & counted))
    return tp, fp, fn, tn


def evaluate(reference_file, prediction_file, labels):
    reference, prediction = read(reference_file), read(prediction_file)
    metrics = {}
    for label in labels:
        tp, fp, fn, tn = counts(reference == label, prediction == label)
        both = tp + fp + fn
        metrics[str(label)] = {
            "TP": tp,
            "FP": fp,
            "FN": fn,
            "TN": tn,
            "Dice": 2 * tp / (tp + both) if both else None,
            "IoU": tp / both if both else None,
        }
    return {"reference_file": reference_file, "prediction_file": prediction_file, "metrics": metrics}


if __name__ == "__main__":
    with open(sys.argv[1], newline="") as manifest:
        rows = list(csv.DictReader(manifest))
    labels = range(1, int(sys.argv[2]) + 1)
    with multiprocessing.Pool(int(sys.argv[3])) as pool:
        cases = pool.starmap(evaluate, [(row["reference"], row["prediction"], labels) for row in rows])
    with open(sys.argv[4], "w") as summary:
        json.dump({"metric_per_case": cases}, summary)
    # The largest of the pool's processes.
    print(json.dumps({"peakMb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6}))
