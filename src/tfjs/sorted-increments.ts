type Values = ArrayLike<number>;

/**
 * Lovász extension of the Jaccard loss over one row of voxels, in float64, and its gradient. Only errors above 0 have a part in either,
 * and they come first; so only they are sorted. Equal errors share their group's increments in the order of the voxels.
 * @param errors float32 values; NaN makes the result NaN
 * @param truth 1 on foreground, 0 on background
 * @param kept 1 where a voxel counts; undefined when all do
 * @param increments is filled: ΔJ of each voxel with an error above 0, 0 elsewhere
 * @returns `Σ max(e, 0)·ΔJ`
 */
export function sortedIncrements(
  errors: Values,
  truth: Values,
  kept: Values | undefined,
  increments: Float32Array,
): number {
  const n = errors.length;
  increments.fill(0);
  let foreground = 0;
  let active = 0;
  for (let i = 0; i < n; i++) {
    if (kept !== undefined && kept[i] === 0) continue;
    foreground += truth[i]!;
    if (errors[i]! > 0) active += 1;
    else if (Number.isNaN(errors[i])) return Number.NaN;
  }
  // The bits of positive floats are in the order of their values; a voxel is its place and its side of the label.
  let keys = new Uint32Array(active);
  let voxels = new Uint32Array(active);
  const asFloats = new Float32Array(keys.buffer);
  let at = 0;
  for (let i = 0; i < n; i++) {
    if ((kept !== undefined && kept[i] === 0) || !(errors[i]! > 0)) continue;
    asFloats[at] = errors[i]!;
    voxels[at++] = 2 * i + truth[i]!;
  }
  [keys, voxels] = sortDescending(keys, voxels);

  const sorted = new Float32Array(keys.buffer);
  let value = 0;
  let found = 0;
  let passed = 0;
  for (let k = 0; k < active; k++) {
    const voxel = voxels[k]!;
    let increment: number;
    if (voxel & 1) {
      increment = 1 / (foreground + passed);
      found += 1;
    } else {
      passed += 1;
      const union = foreground + passed;
      // J_k - J_(k-1); without any foreground the first voxel takes all.
      increment = union === 1 ? 1 : (foreground - found) / (union * (union - 1));
    }
    increments[voxel >>> 1] = increment;
    value += sorted[k]! * increment;
  }
  return value;
}

/** Bits a pass: three passes see all 31 bits of a positive float. */
const radixBits = 11;

/** Stable radix sort of 31-bit keys, largest first, with a payload each. Returns the sorted arrays; the given ones are overwritten. */
function sortDescending(
  keys: Uint32Array<ArrayBuffer>,
  payloads: Uint32Array<ArrayBuffer>,
): [Uint32Array<ArrayBuffer>, Uint32Array<ArrayBuffer>] {
  const n = keys.length;
  const buckets = 1 << radixBits;
  let [fromKeys, fromPayloads] = [keys, payloads];
  let [toKeys, toPayloads] = [new Uint32Array(n), new Uint32Array(n)];
  for (let shift = 0; shift < 31; shift += radixBits) {
    const starts = new Uint32Array(buckets + 1);
    for (let i = 0; i < n; i++) starts[buckets - ((fromKeys[i]! >>> shift) & (buckets - 1))]! += 1;
    // A bucket b is counted at buckets - b, one behind its place in descending order.
    for (let b = 1; b <= buckets; b++) starts[b]! += starts[b - 1]!;
    for (let i = 0; i < n; i++) {
      const key = fromKeys[i]!;
      const to = starts[buckets - 1 - ((key >>> shift) & (buckets - 1))]!++;
      toKeys[to] = key;
      toPayloads[to] = fromPayloads[i]!;
    }
    [fromKeys, toKeys] = [toKeys, fromKeys];
    [fromPayloads, toPayloads] = [toPayloads, fromPayloads];
  }
  return [fromKeys, fromPayloads];
}
