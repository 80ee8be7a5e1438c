/**
 * Distances from the elements of one mask to the nearest element of another, exactly.
 *
 * The elements that are sought stand as bits in blocks of 64 x 4 x 4 places; only blocks that hold one exist. A query looks
 * at rows of places around it by ascending distance, and, where nothing is near, walks a pyramid of boxes over the blocks,
 * the nearest first. The answer of the query before bounds the next one. Whatever is left out lies no nearer than what was
 * found, by the very arithmetic of the distance, whose roundings are monotone: so order and bounds cannot change a bit.
 *
 * Squared distance: ((dx sx)^2 + (dy sy)^2) + (dz sz)^2 in float64.
 */

/** Fields of a search; see `NearestSearch` of the host. */
const GRID = 0, COUNT_X = 4, COUNT_Y = 8, COUNT_Z = 12, NEAR = 16, NEAR_COUNT = 20, LEVELS = 24, LEVEL_COUNT = 28;
const SPACING_X = 32, SPACING_Y = 40, SPACING_Z = 48, NEAR_LIMIT = 56, ANSWERED = 64, ANSWER_X = 68, ANSWER_Y = 72;
const ANSWER_Z = 76, TABLE = 80, TABLE_MASK = 84, TABLE_USED = 88, TABLE_LIMIT = 92, ZEROS = 96, STACK = 100;

/** Place for the next block; blocks are the last thing in memory, which grows as they come. */
let nextBlock: usize = 0;
const BLOCK_BYTES: usize = 128;

export function startBlocks(at: usize): void {
  nextBlock = at;
}

/** Adds the elements of plane `z`, `rows` rows of as many words as the grid is wide. */
export function addElements(search: usize, bits: usize, rows: i32, z: i32): void {
  const grid = <usize>load<u32>(search, GRID);
  const words = load<i32>(search, COUNT_X);
  for (let y = 0; y < rows; y++) {
    const cells = grid + <usize>((((z >> 2) * load<i32>(search, COUNT_Y) + (y >> 2)) * words) << 2);
    const row = bits + ((<usize>y * words) << 3);
    for (let i: usize = 0; i < <usize>words; i++) {
      const word = load<u64>(row + (i << 3));
      if (!word) continue;
      let block = <usize>load<u32>(cells + (i << 2));
      if (!block) {
        block = nextBlock;
        nextBlock += BLOCK_BYTES;
        const missing = <isize>(nextBlock - (<usize>memory.size() << 16));
        if (missing > 0 && memory.grow(<i32>((missing + 0xfffff) >> 16)) < 0) unreachable();
        memory.fill(block, 0, BLOCK_BYTES);
        store<u32>(cells + (i << 2), <u32>block);
      }
      store<u64>(block + ((z & 3) << 5) + ((y & 3) << 3), word);
    }
  }
}

/** One level of the pyramid from the one below: a cell is 1 where one of those that it covers is not 0. */
export function coarsen(
  source: usize, cellShift: i32, sizeX: i32, sizeY: i32, sizeZ: i32, halveX: i32, halveY: i32, halveZ: i32,
  target: usize,
): void {
  const widthX = (sizeX + halveX) >> halveX;
  const widthY = (sizeY + halveY) >> halveY;
  let at = source;
  const step: usize = <usize>1 << cellShift;
  for (let z = 0; z < sizeZ; z++) {
    for (let y = 0; y < sizeY; y++) {
      const row = target + ((z >> halveZ) * widthY + (y >> halveY)) * widthX;
      for (let x = 0; x < sizeX; x++, at += step) {
        const here: bool = cellShift ? load<u32>(at) != 0 : load<u8>(at) != 0;
        if (here) store<u8>(row + (x >> halveX), 1);
      }
    }
  }
}

let best: f64 = 0;
let foundX = 0;
let foundY = 0;
let foundZ = 0;
let spacingX: f64 = 0;
let spacingY: f64 = 0;
let spacingZ: f64 = 0;

// @ts-ignore: decorator
@inline
function square(offset: i32, spacing: f64): f64 {
  const length = <f64>offset * spacing;
  return length * length;
}

/** A word of a block, 0 where the block does not exist. */
// @ts-ignore: decorator
@inline
function wordOf(cell: usize, within: usize): u64 {
  const block = <usize>load<u32>(cell);
  return block ? load<u64>(block + within) : 0;
}

/** Looks at rows around the query by ascending distance; whether what it found is surely the nearest. */
function searchNear(search: usize, x: i32, y: i32, z: i32): bool {
  const grid = <usize>load<u32>(search, GRID);
  const words = load<i32>(search, COUNT_X);
  const countY = load<i32>(search, COUNT_Y);
  const rows = countY << 2;
  const planes = load<i32>(search, COUNT_Z) << 2;
  const column = x >> 6;
  const bit = x & 63;
  const limit = min(load<f64>(search, NEAR_LIMIT), square(64, spacingX));
  for (let at = <usize>load<u32>(search, NEAR), end = at + (<usize>load<u32>(search, NEAR_COUNT) << 5); at < end; at += 32) {
    if (load<f64>(at, 24) >= best) break;
    const rowY = y + load<i32>(at);
    const rowZ = z + load<i32>(at, 4);
    if (<u32>rowY >= <u32>rows || <u32>rowZ >= <u32>planes) continue;
    const cell = grid + ((<usize>(((rowZ >> 2) * countY + (rowY >> 2)) * words + column)) << 2);
    const within = <usize>(((rowZ & 3) << 5) + ((rowY & 3) << 3));
    const y2 = load<f64>(at, 8);
    const z2 = load<f64>(at, 16);
    let offset = 1 << 20;
    let size = 1 << 20;
    const word = wordOf(cell, within);
    if (word) {
      const right = word >> bit;
      if (right) offset = size = <i32>ctz(right);
      const left = word << (63 - bit);
      if (left) {
        const back = <i32>clz(left);
        if (back < size) {
          size = back;
          offset = -back;
        }
      }
    }
    if (bit + 1 < size && column > 0 && square(bit + 1, spacingX) + y2 + z2 < best) {
      const left = wordOf(cell - 4, within);
      if (left) {
        const back = bit + 1 + <i32>clz(left);
        if (back < size) {
          size = back;
          offset = -back;
        }
      }
    }
    if (64 - bit < size && column + 1 < words && square(64 - bit, spacingX) + y2 + z2 < best) {
      const right = wordOf(cell + 4, within);
      if (right) {
        const forth = 64 - bit + <i32>ctz(right);
        if (forth < size) {
          size = forth;
          offset = forth;
        }
      }
    }
    if (size == 1 << 20) continue;
    const distance = square(size, spacingX) + y2 + z2;
    if (distance < best) {
      best = distance;
      foundX = x + offset;
      foundY = rowY;
      foundZ = rowZ;
    }
  }
  return best <= limit;
}

/** How far a place lies outside [low, low + length), along one axis. */
// @ts-ignore: decorator
@inline
function outside(place: i32, low: i32, length: i32): i32 {
  return place < low ? low - place : place >= low + length ? place - (low + length - 1) : 0;
}

/** No element of the box of a cell is nearer than this. */
// @ts-ignore: decorator
@inline
function boxDistance(level: usize, cellX: i32, cellY: i32, cellZ: i32, x: i32, y: i32, z: i32): f64 {
  const shiftX = load<i32>(level, 16) + 6;
  const shiftY = load<i32>(level, 20) + 2;
  const shiftZ = load<i32>(level, 24) + 2;
  return (
    square(outside(x, cellX << shiftX, 1 << shiftX), spacingX) + square(outside(y, cellY << shiftY, 1 << shiftY), spacingY) +
    square(outside(z, cellZ << shiftZ, 1 << shiftZ), spacingZ)
  );
}

/** The nearest element of a block. */
function searchBlock(block: usize, left: i32, top: i32, front: i32, x: i32, y: i32, z: i32): void {
  const bit = x - left;
  for (let k = 0; k < 4; k++) {
    const z2 = square(abs(front + k - z), spacingZ);
    for (let j = 0; j < 4; j++) {
      const word = load<u64>(block + (k << 5) + (j << 3));
      if (!word) continue;
      const y2 = square(abs(top + j - y), spacingY);
      if (y2 + z2 >= best) continue;
      let offset: i32;
      if (bit < 0) offset = <i32>ctz(word) - bit;
      else if (bit > 63) offset = 63 - <i32>clz(word) - bit;
      else {
        const right = word >> bit;
        const back = word << (63 - bit);
        offset = right ? <i32>ctz(right) : 1 << 20;
        if (back && <i32>clz(back) < offset) offset = -<i32>clz(back);
      }
      const distance = square(abs(offset), spacingX) + y2 + z2;
      if (distance < best) {
        best = distance;
        foundX = x + offset;
        foundY = top + j;
        foundZ = front + k;
      }
    }
  }
}

/** Fields of a level of the pyramid: cells, sizes, cumulated shifts, halvings from the level below. */
const LEVEL_BYTES: usize = 40;

/** Walks the pyramid from its top, the nearest boxes first; what cannot be nearer than the best is left out. */
function searchFar(search: usize, x: i32, y: i32, z: i32): void {
  const levels = <usize>load<u32>(search, LEVELS);
  const base = <usize>load<u32>(search, STACK);
  let top = base;
  const highest = load<i32>(search, LEVEL_COUNT) - 1;
  store<f64>(top, 0);
  store<i32>(top, highest, 8);
  store<i32>(top, 0, 12);
  store<i32>(top, 0, 16);
  store<i32>(top, 0, 20);
  top += 24;
  while (top > base) {
    top -= 24;
    if (load<f64>(top) >= best) continue;
    const number = load<i32>(top, 8);
    const cellX = load<i32>(top, 12);
    const cellY = load<i32>(top, 16);
    const cellZ = load<i32>(top, 20);
    const level = levels + <usize>number * LEVEL_BYTES;
    if (number == 0) {
      const cells = <usize>load<u32>(level);
      const at = (cellZ * load<i32>(level, 8) + cellY) * load<i32>(level, 4) + cellX;
      const block = <usize>load<u32>(cells + (<usize>at << 2));
      if (block) searchBlock(block, cellX << 6, cellY << 2, cellZ << 2, x, y, z);
      continue;
    }
    const child = level - LEVEL_BYTES;
    const childX = load<i32>(child, 4);
    const childY = load<i32>(child, 8);
    const childZ = load<i32>(child, 12);
    const cells = <usize>load<u32>(child);
    const halveX = load<i32>(level, 28);
    const halveY = load<i32>(level, 32);
    const halveZ = load<i32>(level, 36);
    // Which child of a halved axis lies nearer: it is put on the stack last.
    const nearX = halveX & <i32>(x >= (((cellX << 1) + 1) << (load<i32>(child, 16) + 6)));
    const nearY = halveY & <i32>(y >= (((cellY << 1) + 1) << (load<i32>(child, 20) + 2)));
    const nearZ = halveZ & <i32>(z >= (((cellZ << 1) + 1) << (load<i32>(child, 24) + 2)));
    for (let k = halveZ; k >= 0; k--) {
      const atZ = (cellZ << halveZ) + (k ^ nearZ);
      if (atZ >= childZ) continue;
      for (let j = halveY; j >= 0; j--) {
        const atY = (cellY << halveY) + (j ^ nearY);
        if (atY >= childY) continue;
        for (let i = halveX; i >= 0; i--) {
          const atX = (cellX << halveX) + (i ^ nearX);
          if (atX >= childX) continue;
          const at = <usize>((atZ * childY + atY) * childX + atX);
          if (number == 1 ? !load<u32>(cells + (at << 2)) : !load<u8>(cells + at)) continue;
          const distance = boxDistance(child, atX, atY, atZ, x, y, z);
          if (distance >= best) continue;
          store<f64>(top, distance);
          store<i32>(top, number - 1, 8);
          store<i32>(top, atX, 12);
          store<i32>(top, atY, 16);
          store<i32>(top, atZ, 20);
          top += 24;
        }
      }
    }
  }
}

/** Counts an element of a facet code at a distance in the table of (distance, count, code + 1). */
// @ts-ignore: decorator
@inline
function countElement(search: usize, squared: f64, code: u32): void {
  const distance = Math.sqrt(squared);
  const bits = reinterpret<u64>(distance);
  const mask = load<u32>(search, TABLE_MASK);
  const table = <usize>load<u32>(search, TABLE);
  let slot = <u32>(((bits ^ (<u64>code << 7)) * 0x9e3779b97f4a7c15) >> 40) & mask;
  for (;;) {
    const at = table + (<usize>slot << 4);
    const own = load<u32>(at, 12);
    if (own == code + 1 && load<u64>(at) == bits) {
      store<u32>(at, load<u32>(at, 8) + 1, 8);
      return;
    }
    if (!own) {
      store<u64>(at, bits);
      store<u32>(at, 1, 8);
      store<u32>(at, code + 1, 12);
      store<u32>(search, load<u32>(search, TABLE_USED) + 1, TABLE_USED);
      return;
    }
    slot = (slot + 1) & mask;
  }
}

/** Moves what the table counted to its front and empties the rest; returns how many entries that are. */
export function takeCounts(search: usize): i32 {
  const table = <usize>load<u32>(search, TABLE);
  const end = table + ((<usize>load<u32>(search, TABLE_MASK) + 1) << 4);
  let target = table;
  if (load<u32>(search, TABLE_USED)) {
    for (let at = table; at < end; at += 16) {
      if (!load<u32>(at, 12)) continue;
      if (at != target) {
        v128.store(target, v128.load(at));
        v128.store(at, i32x4.splat(0));
      }
      target += 16;
    }
  }
  store<u32>(search, 0, TABLE_USED);
  return <i32>((target - table) >> 4);
}

/**
 * Counts the distances of the elements of plane `z`, from row `first` on. `below` and `here`: the planes of the mask between
 * which corners lie, for their facet codes; 0 for elements that are voxels, which have the code 0. Returns the row to go on
 * with once the table was emptied, or `rows`.
 */
export function countDistances(
  search: usize, bits: usize, below: usize, here: usize, rows: i32, z: i32, first: i32,
): i32 {
  const words = load<i32>(search, COUNT_X);
  const stride = <usize>words << 3;
  const grid = <usize>load<u32>(search, GRID);
  const zeros = <usize>load<u32>(search, ZEROS);
  spacingX = load<f64>(search, SPACING_X);
  spacingY = load<f64>(search, SPACING_Y);
  spacingZ = load<f64>(search, SPACING_Z);
  const limit = min(load<f64>(search, NEAR_LIMIT), square(64, spacingX));
  let answered = load<i32>(search, ANSWERED) != 0;
  foundX = load<i32>(search, ANSWER_X);
  foundY = load<i32>(search, ANSWER_Y);
  foundZ = load<i32>(search, ANSWER_Z);
  let near = true;
  let y = first;
  for (; y < rows; y++) {
    if (load<u32>(search, TABLE_USED) > load<u32>(search, TABLE_LIMIT)) break;
    const cells = grid + ((<usize>(((z >> 2) * load<i32>(search, COUNT_Y) + (y >> 2)) * words)) << 2);
    const within = <usize>(((z & 3) << 5) + ((y & 3) << 3));
    for (let i = 0; i < words; i++) {
      const at = stride * y + (<usize>i << 3);
      let element = load<u64>(bits + at);
      if (!element) continue;
      const same = element & wordOf(cells + (<usize>i << 2), within);
      if (!here && same) {
        store<u32>(zeros, load<u32>(zeros) + <u32>popcnt(same));
        element &= ~same;
      }
      let a: u64 = 0, b: u64 = 0, c: u64 = 0, d: u64 = 0, a1: u64 = 0, b1: u64 = 0, c1: u64 = 0, d1: u64 = 0;
      if (here) {
        a = load<u64>(here + at);
        b = load<u64>(here + at - stride);
        c = load<u64>(below + at);
        d = load<u64>(below + at - stride);
        a1 = a << 1;
        b1 = b << 1;
        c1 = c << 1;
        d1 = d << 1;
        if (i) {
          a1 |= load<u64>(here + at - 8) >> 63;
          b1 |= load<u64>(here + at - stride - 8) >> 63;
          c1 |= load<u64>(below + at - 8) >> 63;
          d1 |= load<u64>(below + at - stride - 8) >> 63;
        }
      }
      while (element) {
        const bit = ctz(element);
        element &= element - 1;
        let code: u32 = 0;
        if (here) {
          code = <u32>(
            (((d1 >> bit) & 1) << 7) | (((b1 >> bit) & 1) << 6) | (((c1 >> bit) & 1) << 5) | (((a1 >> bit) & 1) << 4) |
            (((d >> bit) & 1) << 3) | (((b >> bit) & 1) << 2) | (((c >> bit) & 1) << 1) | ((a >> bit) & 1)
          );
          if ((same >> bit) & 1) {
            const zero = zeros + (<usize>code << 2);
            store<u32>(zero, load<u32>(zero) + 1);
            continue;
          }
        }
        const x = (i << 6) + <i32>bit;
        best = Infinity;
        if (answered) {
          best = square(abs(x - foundX), spacingX) + square(abs(y - foundY), spacingY) + square(abs(z - foundZ), spacingZ);
        }
        if (!near || !searchNear(search, x, y, z)) searchFar(search, x, y, z);
        near = best <= limit;
        answered = best < Infinity;
        countElement(search, best, code);
      }
    }
  }
  store<i32>(search, answered ? 1 : 0, ANSWERED);
  store<i32>(search, foundX, ANSWER_X);
  store<i32>(search, foundY, ANSWER_Y);
  store<i32>(search, foundZ, ANSWER_Z);
  return y;
}
