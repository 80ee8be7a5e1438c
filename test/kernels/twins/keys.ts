/** Twins of keys.ts, partition.ts and cells.ts of the kernels, by maps and sorting. */
const view = new DataView(new ArrayBuffer(4));

export function floatBits(value: number): number {
  view.setFloat32(0, value);
  return view.getUint32(0);
}

export function ofFloatBits(bits: number): number {
  view.setUint32(0, bits);
  return view.getFloat32(0);
}

/** The 32-bit key of a voxel's error. */
export function errorKey(score: number, foreground: boolean, logit: boolean): number {
  if (logit) {
    const violation = foreground ? 0 - score : score;
    return violation >= 0 ? 0x80000000 + floatBits(violation) : 0x80000000 - floatBits(-violation);
  }
  // Of the error and its complement one is the score; the smaller one is exact in float32.
  const smaller = floatBits(Math.min(score, Math.fround(1 - score)));
  const large = foreground ? score < 0.5 : score >= 0.5;
  return large ? 0x7e000000 - smaller : smaller;
}

/** The score that a key stands for. */
export function scoreOfKey(key: number, foreground: boolean, logit: boolean): number {
  if (logit) {
    const violation = key >= 0x80000000 ? ofFloatBits(key - 0x80000000) : -ofFloatBits(0x80000000 - key);
    return foreground ? 0 - violation : violation;
  }
  // The key holds the smaller one of the error and its complement.
  const large = key > 0x3f000000;
  const smaller = ofFloatBits(large ? 0x7e000000 - key : key);
  return large === foreground ? smaller : 1 - smaller;
}

/** Low halves of the keys of each bucket, in voxel order. */
export type Buckets = Map<number, number[]>;

export function splitBySide(scores: Float32Array, mask: Uint8Array, logit: boolean): [Buckets, Buckets] {
  const sides: [Buckets, Buckets] = [new Map(), new Map()];
  scores.forEach((score, i) => {
    const key = errorKey(score, mask[i] === 1, logit);
    const bucket = Math.floor(key / 65536);
    const side = sides[mask[i] as 0 | 1];
    side.set(bucket, [...(side.get(bucket) ?? []), key % 65536]);
  });
  return sides;
}

function varint(value: bigint): number[] {
  return value < 128n ? [Number(value)] : [Number(value & 127n) + 128, ...varint(value >> 7n)];
}

/** Runs of counts by key. */
export function encodeRuns(counts: ReadonlyMap<number, bigint>): number[] {
  const bytes: number[] = [];
  let next = 0;
  for (const [key, count] of [...counts].sort(([a], [b]) => a - b)) {
    bytes.push(...varint((BigInt(key - next) << 1n) | (count > 1n ? 1n : 0n)));
    if (count > 1n) bytes.push(...varint(count - 2n));
    next = key + 1;
  }
  return bytes;
}

export function countEach(keys: Iterable<number>): Map<number, bigint> {
  const counts = new Map<number, bigint>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0n) + 1n);
  return counts;
}

/** A side of a bucket as merged shards store it: the encoding and its bytes. */
export function encodeMerged(counts: ReadonlyMap<number, bigint>): [encoding: number, bytes: number[]] {
  const count = [...counts.values()].reduce((sum, one) => sum + one, 0n);
  const repeated = count - BigInt(counts.size);
  if (count > 2048n || 8n * repeated > count) return [1, encodeRuns(counts)];
  const keys = [...counts].flatMap(([key, times]) => new Array<number>(Number(times)).fill(key));
  keys.sort((a, b) => a - b);
  if (keys.length <= 36) return [0, keys.flatMap((key) => [key % 256, Math.floor(key / 256)])];
  const bits = new Array<number>(Math.ceil((keys.length + 255) / 8)).fill(0);
  for (const [i, key] of keys.entries()) {
    const bit = Math.floor(key / 256) + i;
    bits[Math.floor(bit / 8)]! += 2 ** (bit % 8);
  }
  return [2, [...keys.map((key) => key % 256), ...bits]];
}
