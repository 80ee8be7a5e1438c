/**
 * The sweep over the planes of a mask: its elements (border-elements.ts) are added to a search or measured by one (nearest.ts).
 * A mask is a window of three planes of bits that moves through a frame.
 */
import { cornerElements, voxelElements } from './border-elements';
import { fillFromRuns } from './mask-runs';
import { addElements, countDistances } from './nearest';

/** Fields of a window; see `MaskWindow` of the host. */
const RUNS = 0, OFFSETS = 4, FIRST = 8, PLANES = 12, ROW_LENGTH = 16, LEFT = 20, TOP = 24, WORDS = 28, ROWS = 32, CUT = 36;
/** The three planes of the ring: their addresses, which plane each holds, and whether it has a voxel. */
const RING = 40, HELD = 52, SOME = 64;

/** Whether bytes were met that are no runs of their volume. */
let fault = false;

/** Address of plane `z` of a frame, from -1 on; planes outside the mask are background. Valid until plane z + 3 is asked for. */
function planeOf(window: usize, z: i32): usize {
  const place = <usize>((z + 3) % 3) << 2;
  const target = <usize>load<u32>(window + place, RING);
  if (load<i32>(window + place, HELD) == z) return target;
  const words = load<i32>(window, WORDS);
  const rows = load<i32>(window, ROWS);
  if (load<u32>(window + place, SOME)) memory.fill(target, 0, <usize>(words * rows) << 3);
  store<i32>(window + place, z, HELD);
  store<u32>(window + place, 0, SOME);
  const plane = z - load<i32>(window, FIRST);
  if (plane < 0 || plane >= load<i32>(window, PLANES)) return target;
  const offset = <usize>load<u32>(window, OFFSETS) + (<usize>plane << 2);
  const from = load<u32>(offset);
  const to = load<u32>(offset, 4);
  if (from == to) return target;
  store<u32>(window + place, 1, SOME);
  const runs = <usize>load<u32>(window, RUNS);
  if (
    fillFromRuns(
      runs + from, runs + to, load<i32>(window, ROW_LENGTH), load<i32>(window, LEFT), load<i32>(window, TOP),
      words, rows, load<i32>(window, CUT), target,
    ) < 0
  ) {
    fault = true;
  }
  return target;
}

function hasVoxels(window: usize, z: i32): bool {
  planeOf(window, z);
  return load<u32>(window + (<usize>((z + 3) % 3) << 2), SOME) != 0;
}

/**
 * Goes over the elements of the planes of a frame from `state` on: uint32 plane, end, border (0 voxels, 1 surfels) and row.
 * `measured`: 0 adds the elements to the searches, 1 counts their distances. `ignored` is 0 where no voxel is. `bits`: room
 * for a plane. Returns 0 at the end, 1 where a search's table must be emptied before it is called again, -1 for bytes that
 * are no runs.
 */
export function sweepElements(
  mask: usize, ignored: usize, bits: usize, voxel: usize, surfel: usize, state: usize, measured: i32,
): i32 {
  fault = false;
  const words = load<i32>(mask, WORDS);
  const rows = load<i32>(mask, ROWS);
  const end = load<i32>(state, 4);
  for (let z = load<i32>(state); z < end; z++) {
    const some = <i32>hasVoxels(mask, z - 1) | <i32>hasVoxels(mask, z) | <i32>hasVoxels(mask, z + 1);
    if (fault) return -1;
    if (!some) continue;
    const before = planeOf(mask, z - 1);
    const here = planeOf(mask, z);
    const after = planeOf(mask, z + 1);
    const lostBefore = ignored ? planeOf(ignored, z - 1) : 0;
    const lostHere = ignored ? planeOf(ignored, z) : 0;
    const lostAfter = ignored ? planeOf(ignored, z + 1) : 0;
    if (fault) return -1;
    for (let border = load<i32>(state, 8); border < 2; border++) {
      const search = border ? surfel : voxel;
      const count = border
        ? cornerElements(before, here, lostBefore, lostHere, words, rows, bits)
        : voxelElements(before, here, after, lostBefore, lostHere, lostAfter, words, rows, bits);
      if (count == 0) continue;
      if (!measured) {
        addElements(search, bits, rows, z);
        continue;
      }
      const row = countDistances(
        search, bits, border ? before : 0, border ? here : 0, rows, z, load<i32>(state, 12),
      );
      store<i32>(state, 0, 12);
      if (row < rows) {
        store<i32>(state, z);
        store<i32>(state, border, 8);
        store<i32>(state, row, 12);
        return 1;
      }
    }
    store<i32>(state, 0, 8);
  }
  return 0;
}
