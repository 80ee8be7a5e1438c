/** Curves of a few voxels by their definitions: every distinct score is tried by itself. */

export interface Voxel {
  readonly score: number;
  readonly label: number;
}

export function bruteCurves(voxels: readonly Voxel[], probabilityOf: (score: number) => number) {
  const positives = voxels.filter(({ label }) => label === 1);
  const negatives = voxels.filter(({ label }) => label === 0);
  const scores = [...new Set(voxels.map(({ score }) => score))].sort((a, b) => b - a);
  const points = scores.map((score) => {
    const above = voxels.filter((voxel) => voxel.score >= score);
    const tp = above.filter(({ label }) => label === 1).length;
    return { score, tp, fp: above.length - tp };
  });
  // Pairs of a positive and a negative that are in the right order; ties count half.
  let pairs = 0;
  for (const a of positives) {
    for (const b of negatives) pairs += a.score > b.score ? 1 : a.score === b.score ? 0.5 : 0;
  }
  const ap = points.reduce(
    (sum, { tp, fp }, i) => sum + ((tp - (points[i - 1]?.tp ?? 0)) / positives.length) * (tp / (tp + fp)),
    0,
  );
  const dices = points.map(({ tp, fp }) => (2 * tp) / (tp + fp + positives.length));
  const brier =
    voxels.reduce((sum, { score, label }) => sum + (probabilityOf(score) - label) ** 2, 0) / voxels.length;
  const best = Math.max(...dices);
  return {
    points,
    auc: positives.length && negatives.length ? pairs / (positives.length * negatives.length) : null,
    averagePrecision: positives.length ? ap : null,
    bestDice: positives.length ? best : null,
    bestScore: positives.length ? scores[dices.indexOf(best)]! : null,
    brier,
    ece: (bins: number) =>
      Array.from({ length: bins }, (_, bin) => {
        const inside = voxels.filter(({ score }) => {
          const p = probabilityOf(score);
          return (p > bin / bins || (bin === 0 && p === 0)) && p <= (bin + 1) / bins;
        });
        return Math.abs(inside.reduce((sum, { score, label }) => sum + label - probabilityOf(score), 0));
      }).reduce((sum, gap) => sum + gap, 0) / voxels.length,
  };
}
