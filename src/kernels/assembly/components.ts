/**
 * Connected components of a mask from its runs, plane by plane. A run takes the number of a run that shares a face with it, or
 * a new provisional one; numbers that meet are united. Edges and corners that connect are kept apart, so one sweep serves
 * the connectivities 6, 18 and 26.
 */
import { lastVarintEnd, readVarint } from './mask-runs';

/** Fields of a sweep; see `ComponentSweep` of the host. Planes are two blocks of (from, to, number, first run of each row). */
const WIDTH = 0, HEIGHT = 4, CAPACITY = 8, COUNT = 12, FACES = 16, EDGES = 20, CORNERS = 24, STATS = 28, HERE = 32, BEFORE = 36;
/** Fields of a plane: arrays of its runs, first run of each row of the volume and one more, number of runs, rows that have runs. */
const FROM = 0, TO = 4, NUMBER = 8, STARTS = 12, RUNS = 16, ROWS = 20, ROW_COUNT = 24;
/** A record: first voxel, voxels, sums of x, y and z (uint64), lowest and highest x, y and z (uint32). */
const RECORD: usize = 64;

// @ts-ignore: decorator
@inline
function at32(array: usize, index: u32): usize {
  return array + (<usize>index << 2);
}

function find(parents: usize, number: u32): u32 {
  let parent = load<u32>(at32(parents, number));
  while (parent != number) {
    const next = load<u32>(at32(parents, parent));
    store<u32>(at32(parents, number), next);
    number = next;
    parent = load<u32>(at32(parents, number));
  }
  return number;
}

/** The smaller number stays: the root of a component is its first number, which holds its first voxel. */
function unite(parents: usize, a: u32, b: u32): void {
  if (a == b) return;
  const rootA = find(parents, a);
  const rootB = find(parents, b);
  if (rootA < rootB) store<u32>(at32(parents, rootB), rootA);
  else if (rootB < rootA) store<u32>(at32(parents, rootA), rootB);
}

/** Decodes the runs of a plane. Returns -1 for bytes that are not runs of the volume. */
function readPlane(plane: usize, bytes: usize, end: usize, width: u32, height: u32): i32 {
  const from = <usize>load<u32>(plane, FROM);
  const to = <usize>load<u32>(plane, TO);
  const starts = <usize>load<u32>(plane, STARTS);
  const rows = <usize>load<u32>(plane, ROWS);
  let runs: u32 = 0;
  let rowCount: u32 = 0;
  // Rows below `next` have their first run written.
  let next: u32 = 0;
  let place: u32 = 0;
  let y: u32 = 0;
  let rowStart: u32 = 0;
  while (bytes < end) {
    const start = place + readVarint(bytes);
    const stop = start + readVarint(lastVarintEnd()) + 1;
    bytes = lastVarintEnd();
    if (bytes > end || start < place || stop <= start) return -1;
    place = stop;
    if (start - rowStart >= width) {
      y = start / width;
      rowStart = y * width;
    }
    if (y >= height || stop - rowStart > width) return -1;
    if (next <= y) {
      for (; next <= y; next++) store<u32>(at32(starts, next), runs);
      store<u32>(at32(rows, rowCount), y);
      rowCount++;
    }
    store<u32>(at32(from, runs), start - rowStart);
    store<u32>(at32(to, runs), stop - rowStart);
    runs++;
  }
  for (; next <= height; next++) store<u32>(at32(starts, next), runs);
  store<u32>(plane, runs, RUNS);
  store<u32>(plane, rowCount, ROW_COUNT);
  return 0;
}

/** First run of a neighbouring row that may meet the next run, and the end of that row. */
let cursorAbove: u32 = 0, cursorSame: u32 = 0, cursorAboveBefore: u32 = 0, cursorBelowBefore: u32 = 0;

/** The number that a run [from, to) has after it met the runs of a row that shares faces with its own; -1: none yet. */
function joinFaces(sweep: usize, own: i32, plane: usize, cursor: u32, end: u32, from: u32, to: u32): i32 {
  const froms = <usize>load<u32>(plane, FROM);
  const tos = <usize>load<u32>(plane, TO);
  const numbers = <usize>load<u32>(plane, NUMBER);
  const faces = <usize>load<u32>(sweep, FACES);
  for (let j = cursor; j < end && load<u32>(at32(froms, j)) < to; j++) {
    if (load<u32>(at32(tos, j)) == from) continue;
    const other = load<i32>(at32(numbers, j));
    if (own < 0) own = other;
    else unite(faces, own, other);
  }
  return own;
}

/** Unites with the runs of such a row that lie at the ends of [from, to): their edges touch. */
function touchEdges(sweep: usize, own: u32, plane: usize, cursor: u32, end: u32, from: u32, to: u32): void {
  const froms = <usize>load<u32>(plane, FROM);
  const tos = <usize>load<u32>(plane, TO);
  const numbers = <usize>load<u32>(plane, NUMBER);
  const edges = <usize>load<u32>(sweep, EDGES);
  for (let j = cursor; j < end && load<u32>(at32(froms, j)) <= to; j++) {
    if (load<u32>(at32(tos, j)) == from || load<u32>(at32(froms, j)) == to) {
      unite(edges, own, load<u32>(at32(numbers, j)));
    }
  }
}

/** Unites with the runs of a row that shares edges with the own one: by edges where they overlap, by corners at the ends. */
function joinEdges(sweep: usize, own: u32, plane: usize, cursor: u32, end: u32, from: u32, to: u32): void {
  const froms = <usize>load<u32>(plane, FROM);
  const tos = <usize>load<u32>(plane, TO);
  const numbers = <usize>load<u32>(plane, NUMBER);
  const edges = <usize>load<u32>(sweep, EDGES);
  const corners = <usize>load<u32>(sweep, CORNERS);
  for (let j = cursor; j < end && load<u32>(at32(froms, j)) <= to; j++) {
    const ends = load<u32>(at32(tos, j)) == from || load<u32>(at32(froms, j)) == to;
    unite(ends ? corners : edges, own, load<u32>(at32(numbers, j)));
  }
}

/** Skips the runs of a row that end before `from`. */
// @ts-ignore: decorator
@inline
function skip(plane: usize, cursor: u32, end: u32, from: u32): u32 {
  const tos = <usize>load<u32>(plane, TO);
  while (cursor < end && load<u32>(at32(tos, cursor)) < from) cursor++;
  return cursor;
}

/** First run of row `y`, which may be one beside the volume. */
// @ts-ignore: decorator
@inline
function startOf(plane: usize, y: i32, height: i32): u32 {
  return load<u32>(at32(<usize>load<u32>(plane, STARTS), <u32>min(max(y, 0), height)));
}

/**
 * Numbers the runs of plane `z`, the one after the plane before. Returns 0; -1 for bytes that are not runs; -2 if there are
 * more provisional numbers than room.
 */
export function labelPlane(sweep: usize, bytes: usize, end: usize, z: u32): i32 {
  const before = <usize>load<u32>(sweep, HERE);
  const here = <usize>load<u32>(sweep, BEFORE);
  store<u32>(sweep, <u32>here, HERE);
  store<u32>(sweep, <u32>before, BEFORE);
  const width = load<u32>(sweep, WIDTH);
  const height = load<i32>(sweep, HEIGHT);
  if (readPlane(here, bytes, end, width, <u32>height) < 0) return -1;
  const faces = <usize>load<u32>(sweep, FACES);
  const stats = <usize>load<u32>(sweep, STATS);
  const froms = <usize>load<u32>(here, FROM);
  const tos = <usize>load<u32>(here, TO);
  const numbers = <usize>load<u32>(here, NUMBER);
  const rows = <usize>load<u32>(here, ROWS);
  let count = load<u32>(sweep, COUNT);
  if (<u64>count + load<u32>(here, RUNS) > load<u32>(sweep, CAPACITY)) return -2;
  for (let r: u32 = 0, rowCount = load<u32>(here, ROW_COUNT); r < rowCount; r++) {
    const y = load<i32>(at32(rows, r));
    cursorAbove = startOf(here, y - 1, height);
    cursorSame = startOf(before, y, height);
    cursorAboveBefore = startOf(before, y - 1, height);
    cursorBelowBefore = startOf(before, y + 1, height);
    const first = startOf(here, y, height);
    const endAbove = y > 0 ? first : cursorAbove;
    const endSame = cursorBelowBefore;
    const endAboveBefore = y > 0 ? cursorSame : cursorAboveBefore;
    const endBelowBefore = startOf(before, y + 2, height);
    for (let i = first, last = startOf(here, y + 1, height); i < last; i++) {
      const from = load<u32>(at32(froms, i));
      const to = load<u32>(at32(tos, i));
      cursorAbove = skip(here, cursorAbove, endAbove, from);
      cursorSame = skip(before, cursorSame, endSame, from);
      cursorAboveBefore = skip(before, cursorAboveBefore, endAboveBefore, from);
      cursorBelowBefore = skip(before, cursorBelowBefore, endBelowBefore, from);
      let own = joinFaces(sweep, -1, here, cursorAbove, endAbove, from, to);
      own = joinFaces(sweep, own, before, cursorSame, endSame, from, to);
      if (own < 0) {
        own = <i32>count;
        count++;
        store<u32>(at32(faces, own), own);
        store<u32>(at32(<usize>load<u32>(sweep, EDGES), own), own);
        store<u32>(at32(<usize>load<u32>(sweep, CORNERS), own), own);
        startRecord(stats + <usize>own * RECORD, <u64>from + <u64>width * (<u64>y + <u64>height * z));
      }
      store<i32>(at32(numbers, i), own);
      touchEdges(sweep, own, here, cursorAbove, endAbove, from, to);
      touchEdges(sweep, own, before, cursorSame, endSame, from, to);
      joinEdges(sweep, own, before, cursorAboveBefore, endAboveBefore, from, to);
      joinEdges(sweep, own, before, cursorBelowBefore, endBelowBefore, from, to);
      addRun(stats + <usize>own * RECORD, from, to, y, z);
    }
  }
  store<u32>(sweep, count, COUNT);
  return 0;
}

function startRecord(record: usize, first: u64): void {
  memory.fill(record, 0, RECORD);
  store<u64>(record, first);
  for (let axis: usize = 0; axis < 3; axis++) store<u32>(record + (axis << 3), u32.MAX_VALUE, 40);
}

// @ts-ignore: decorator
@inline
function addTo(at: usize, value: u64): void {
  store<u64>(at, load<u64>(at) + value);
}

// @ts-ignore: decorator
@inline
function widen(at: usize, lowest: u32, highest: u32): void {
  if (lowest < load<u32>(at)) store<u32>(at, lowest);
  if (highest > load<u32>(at, 4)) store<u32>(at, highest, 4);
}

function addRun(record: usize, from: u32, to: u32, y: u32, z: u32): void {
  const length = <u64>(to - from);
  addTo(record + 8, length);
  addTo(record + 16, (length * (<u64>from + to - 1)) >> 1);
  addTo(record + 24, length * y);
  addTo(record + 32, length * z);
  widen(record + 40, from, to - 1);
  widen(record + 48, y, y);
  widen(record + 56, z, z);
}

/**
 * Numbers the components from 1 on by their first voxel. `numbers` receives that of each provisional number, `groups18` and
 * `groups26` the group of each component; `named` has room for all provisional numbers. The records of the components stand at the
 * start of the records afterwards. Returns the number of components.
 */
export function finishComponents(sweep: usize, numbers: usize, groups18: usize, groups26: usize, named: usize): u32 {
  const count = load<u32>(sweep, COUNT);
  const faces = <usize>load<u32>(sweep, FACES);
  const edges = <usize>load<u32>(sweep, EDGES);
  const corners = <usize>load<u32>(sweep, CORNERS);
  const stats = <usize>load<u32>(sweep, STATS);
  for (let i: u32 = 0; i < count; i++) unite(edges, i, find(faces, i));
  for (let i: u32 = 0; i < count; i++) unite(corners, i, find(edges, i));
  let components: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const root = find(faces, i);
    if (root != i) {
      store<u32>(at32(numbers, i), load<u32>(at32(numbers, root)));
      addRecord(stats + <usize>(load<u32>(at32(numbers, root)) - 1) * RECORD, stats + <usize>i * RECORD);
      continue;
    }
    // A component's number is at most that of its root: nothing is overwritten that is still needed.
    memory.copy(stats + <usize>components * RECORD, stats + <usize>i * RECORD, RECORD);
    store<u32>(at32(numbers, i), ++components);
  }
  nameGroups(faces, edges, count, numbers, groups18, named);
  nameGroups(faces, corners, count, numbers, groups26, named);
  return components;
}

function nameGroups(faces: usize, parents: usize, count: u32, numbers: usize, groups: usize, named: usize): void {
  let groupCount: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const root = find(parents, i);
    // A root is the smallest number of its group, so it is met first.
    if (root == i) store<u32>(at32(named, i), ++groupCount);
    if (find(faces, i) == i) store<u32>(at32(groups, load<u32>(at32(numbers, i)) - 1), load<u32>(at32(named, root)));
  }
}

function addRecord(target: usize, source: usize): void {
  for (let at: usize = 8; at < 40; at += 8) addTo(target + at, load<u64>(source + at));
  for (let at: usize = 40; at < 64; at += 8) widen(target + at, load<u32>(source + at), load<u32>(source + at, 4));
}

/**
 * Adds what the planes of two sweeps share to a list of (number, number, voxels: uint64), provisional numbers; what goes on from
 * the last entry is added to it. Returns the length of the list, which has room for the runs of both.
 */
export function sharePlanes(first: usize, second: usize, list: usize, length: i32): i32 {
  const a = <usize>load<u32>(first, HERE);
  const b = <usize>load<u32>(second, HERE);
  const height = load<i32>(first, HEIGHT);
  const fromA = <usize>load<u32>(a, FROM);
  const toA = <usize>load<u32>(a, TO);
  const fromB = <usize>load<u32>(b, FROM);
  const toB = <usize>load<u32>(b, TO);
  if (!load<u32>(b, RUNS)) return length;
  let last = list + (<usize>length << 4) - 16;
  for (let r: u32 = 0, rows = load<u32>(a, ROW_COUNT); r < rows; r++) {
    const y = load<i32>(at32(<usize>load<u32>(a, ROWS), r));
    let j = startOf(b, y, height);
    const endB = startOf(b, y + 1, height);
    for (let i = startOf(a, y, height), endA = startOf(a, y + 1, height); i < endA; i++) {
      const from = load<u32>(at32(fromA, i));
      const to = load<u32>(at32(toA, i));
      const own = load<u32>(at32(<usize>load<u32>(a, NUMBER), i));
      while (j < endB && load<u32>(at32(toB, j)) <= from) j++;
      for (let k = j; k < endB && load<u32>(at32(fromB, k)) < to; k++) {
        const voxels = min(to, load<u32>(at32(toB, k))) - max(from, load<u32>(at32(fromB, k)));
        const other = load<u32>(at32(<usize>load<u32>(b, NUMBER), k));
        if (last >= list && load<u32>(last) == own && load<u32>(last, 4) == other) {
          addTo(last + 8, voxels);
          continue;
        }
        last += 16;
        store<u32>(last, own);
        store<u32>(last, other, 4);
        store<u64>(last, voxels, 8);
      }
    }
  }
  return <i32>((last + 16 - list) >> 4);
}

/**
 * Turns provisional numbers of such a list into those of components, sorts it and adds what is of one pair. `scratch` has the
 * size of the list, `counts` room for one more uint32 than either has components. Returns the length.
 */
export function sortShared(
  list: usize, length: i32, numbersA: usize, numbersB: usize, countA: u32, countB: u32, scratch: usize, counts: usize,
): i32 {
  for (let at = list, end = list + (<usize>length << 4); at < end; at += 16) {
    store<u32>(at, load<u32>(at32(numbersA, load<u32>(at))));
    store<u32>(at, load<u32>(at32(numbersB, load<u32>(at, 4))), 4);
  }
  countingSort(list, length, 4, countB, scratch, counts);
  countingSort(scratch, length, 0, countA, list, counts);
  if (!length) return 0;
  let last = list;
  for (let at = list + 16, end = list + (<usize>length << 4); at < end; at += 16) {
    if (load<u64>(at) == load<u64>(last)) {
      addTo(last + 8, load<u64>(at, 8));
      continue;
    }
    last += 16;
    memory.copy(last, at, 16);
  }
  return <i32>((last + 16 - list) >> 4);
}

/** A stable sort of the entries by the number at `field`, 1 to `highest`. */
function countingSort(source: usize, length: i32, field: usize, highest: u32, target: usize, counts: usize): void {
  memory.fill(counts, 0, (<usize>highest + 1) << 2);
  const end = source + (<usize>length << 4);
  for (let at = source; at < end; at += 16) {
    const own = at32(counts, load<u32>(at + field));
    store<u32>(own, load<u32>(own) + 1);
  }
  let next: u32 = 0;
  for (let number: u32 = 0; number <= highest; number++) {
    const own = at32(counts, number);
    const here = load<u32>(own);
    store<u32>(own, next);
    next += here;
  }
  for (let at = source; at < end; at += 16) {
    const own = at32(counts, load<u32>(at + field));
    const place = load<u32>(own);
    store<u32>(own, place + 1);
    memory.copy(target + (<usize>place << 4), at, 16);
  }
}
