/** Distance lists and component tables as bytes. */

import type { Vec3 } from '../../base/box.ts';
import { PartialError } from '../../base/errors.ts';
import type { DistanceList } from '../boundary/distance-list.ts';
import type { ComponentTable, FaceComponents } from '../lesions/components.ts';
import { decodeNumbers, encodeNumbers } from './columns.ts';

/** Distinct distances as float64, then for each how many codes it has, the codes and their counts. */
export function encodeDistances({ distances, codes, counts }: DistanceList): Uint8Array {
  const distinct = new Float64Array(distances.length);
  const rows = new Uint32Array(distances.length);
  let length = 0;
  for (let i = 0; i < distances.length; i++) {
    if (i === 0 || distances[i] !== distances[i - 1]) distinct[length++] = distances[i]!;
    rows[length - 1]!++;
  }
  const numbers = encodeNumbers([rows.subarray(0, length), codes, counts]);
  const bytes = new Uint8Array(4 + 8 * length + numbers.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  for (let i = 0; i < length; i++) view.setFloat64(4 + 8 * i, distinct[i]!, true);
  bytes.set(numbers, 4 + 8 * length);
  return bytes;
}

/** @throws PartialError for what is not a list of ascending distances, ascending codes and counts above 0 */
export function decodeDistances(bytes: Uint8Array): DistanceList {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length < 4 ? -1 : view.getUint32(0, true);
  if (length < 0 || 4 + 8 * length > bytes.length) throw notDistances();
  const [rows, codes, counts] = decodeNumbers(bytes.subarray(4 + 8 * length), 3) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const distances = new Float64Array(codes.length);
  let at = 0;
  let before = -1;
  for (let i = 0; i < length; i++) {
    const distance = view.getFloat64(4 + 8 * i, true);
    if (!(distance > before) || at + (rows[i] ?? 0) > codes.length || !(rows[i]! > 0)) throw notDistances();
    before = distance;
    for (let end = at + rows[i]!, code = -1; at < end; at++) {
      if (codes[at]! <= code || codes[at]! > 254 || counts[at]! === 0) throw notDistances();
      code = codes[at]!;
      distances[at] = distance;
    }
  }
  if (rows.length !== length || at !== codes.length || counts.length !== at) throw notDistances();
  return { distances, codes: Uint8Array.from(codes), counts };
}

function notDistances(): PartialError {
  return new PartialError('shard-corrupt', 'a list of distances in a shard is damaged');
}

const componentColumns = 6;

export function encodeComponents(table: ComponentTable): Uint8Array {
  const columns = ({ first, voxels, sums, boxes, group18, group26 }: FaceComponents) => [
    first,
    voxels,
    sums,
    boxes,
    group18,
    group26,
  ];
  const { reference, prediction, voxels } = table.overlap;
  return encodeNumbers([
    ...columns(table.reference),
    ...columns(table.prediction),
    reference,
    prediction,
    voxels,
  ]);
}

/** @throws PartialError for columns that do not fit each other */
export function decodeComponents(bytes: Uint8Array, shape: Vec3): ComponentTable {
  const columns = decodeNumbers(bytes, 2 * componentColumns + 3);
  const side = (from: number): FaceComponents => {
    const [first, voxels, sums, boxes, group18, group26] = columns.slice(from, from + componentColumns) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const count = first.length;
    const lengths = [voxels.length, sums.length / 3, boxes.length / 6, group18.length, group26.length];
    const groups = [...group18, ...group26];
    if (lengths.some((length) => length !== count) || groups.some((group) => group < 1 || group > count)) {
      throw notComponents();
    }
    return { count, first, voxels, sums, boxes, group18, group26 };
  };
  const [reference, prediction] = [side(0), side(componentColumns)];
  const [ours, theirs, voxels] = columns.slice(2 * componentColumns) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let i = 0; i < voxels.length; i++) {
    const [a, b] = [ours[i] ?? 0, theirs[i] ?? 0];
    if (a < 1 || a > reference.count || b < 1 || b > prediction.count) throw notComponents();
  }
  if (ours.length !== voxels.length || theirs.length !== voxels.length) throw notComponents();
  return { shape, reference, prediction, overlap: { reference: ours, prediction: theirs, voxels } };
}

function notComponents(): PartialError {
  return new PartialError('shard-corrupt', 'the components in a shard do not fit each other');
}
