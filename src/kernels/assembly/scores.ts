/**
 * Voxels of both sides in descending order of score. A foreground key k has the score of the background key R - k, with
 * R = 0x7e000000 (2^32 for logits); so background buckets, turned round, stand beside foreground ones. Step j of a
 * walk holds the foreground bucket j and the background keys R - (j << 16) - t for t in [0, 65535], each at place t.
 */
import { addFirstKeys, addPieceKeys } from './add-keys';
import { endBucket, gatherKeys, hasHighCounts, takeLast } from './key-list';
import { binScores } from './score-bins';
import { walkScores } from './score-groups';

/** What `walkSteps` walks, in float64: the next step, the end, R >> 16, what cell 0 of the next step holds, logits or not. */
const STEP: usize = 0, END: usize = 8, REFLECTION: usize = 16, CARRY: usize = 24, IS_LOGIT: usize = 32;
/**
 * The keys of each side (background, foreground behind it): first bucket, number of buckets, and addresses of the keys of
 * each bucket (float64 pairs), of the first row of each (uint32) and of the rows, the pieces of `addPieceKeys`.
 */
const SIDE: usize = 40, SIDE_BYTES: usize = 40;
/** Addresses: cells and list, and what `walkScores` and `binScores` take. */
const CELLS: usize = 120, LIST: usize = 128;
const BOUNDARIES: usize = 136, STATE: usize = 144, POINTS: usize = 152;
const EDGES: usize = 160, BIN_COUNT: usize = 168, BINS: usize = 176, BRIER: usize = 184;

// @ts-ignore: decorator
@inline
function addressAt(walk: usize, field: usize): usize {
  return <usize>load<f64>(walk + field);
}

/** Adds the keys of a bucket on one side; how many there are, or -1 when they are not what they should be. */
function addSide(walk: usize, side: usize, bucket: i32, cells: usize): f64 {
  const table = walk + SIDE + side * SIDE_BYTES;
  const slot = bucket - <i32>load<f64>(table);
  if (slot < 0 || slot >= <i32>load<f64>(table, 8)) return 0;
  const keys = load<f64>(addressAt(table, 16) + (<usize>slot << 4) + (side << 3));
  if (keys == 0) return 0;
  const starts = addressAt(table, 24) + (<usize>slot << 2);
  const from = load<u32>(starts);
  const rows = addressAt(table, 32) + (<usize>from << 4);
  return addPieceKeys(rows, load<u32>(starts, 4) - from, cells, side ? 0 : 1) == keys ? keys : -1;
}

/** Looks for what the step before the first carries into it. Returns false when a bucket does not hold its keys. */
export function startWalk(walk: usize): bool {
  const cells = addressAt(walk, CELLS);
  const bucket = <i32>load<f64>(walk, REFLECTION) - <i32>load<f64>(walk, STEP);
  if (addSide(walk, 0, bucket, cells) < 0) return false;
  store<f64>(walk, <f64>takeLast(cells), CARRY);
  gatherKeys(cells, addressAt(walk, LIST));
  endBucket(cells);
  return true;
}

/**
 * Walks the steps of `walk` up to one that lists points, whose number it returns, or to the end (0). -1 or -2: a bucket of
 * background or of foreground does not hold its keys; the step is that of `walk`.
 */
export function walkSteps(walk: usize): i32 {
  const end = <i32>load<f64>(walk, END);
  const reflection = <i32>load<f64>(walk, REFLECTION);
  const cells = addressAt(walk, CELLS);
  let step = <i32>load<f64>(walk, STEP);
  while (step < end) {
    store<f64>(walk, <f64>step, STEP);
    const carry = load<f64>(walk, CARRY);
    const background = addSide(walk, 0, reflection - step - 1, cells);
    if (background < 0) return -1;
    const foreground = addSide(walk, 1, step, cells);
    if (foreground < 0) return -2;
    const at = step++;
    store<f64>(walk, <f64>step, STEP);
    if (background == 0 && foreground == 0 && carry == 0) continue;
    addFirstKeys(<u64>carry, cells);
    store<f64>(walk, <f64>takeLast(cells), CARRY);
    const rows = gatherKeys(cells, addressAt(walk, LIST));
    const points = hasHighCounts() ? walkList(true, walk, at, rows) : walkList(false, walk, at, rows);
    endBucket(cells);
    if (points) return points;
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function walkList(high: bool, walk: usize, step: i32, rows: i32): i32 {
  const logit = load<f64>(walk, IS_LOGIT) != 0;
  const cells = addressAt(walk, CELLS);
  const list = addressAt(walk, LIST);
  const binCount = <i32>load<f64>(walk, BIN_COUNT);
  if (binCount) {
    const edges = addressAt(walk, EDGES);
    binScores(high, list, rows, cells, step, logit, edges, binCount, addressAt(walk, BINS), addressAt(walk, BRIER));
  }
  const points = addressAt(walk, POINTS);
  return walkScores(high, list, rows, cells, step, logit, addressAt(walk, BOUNDARIES), addressAt(walk, STATE), points);
}
