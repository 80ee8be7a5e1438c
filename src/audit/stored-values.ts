/** Stored bytes to values, in plain TypeScript: what the kernels do in `convert.ts`, written a second time. */
import type { Encoding } from '../score/tile-scorer.ts';
import { type Datatype, datatypeBytes } from '../volume/types.ts';

const readers: Readonly<Record<Datatype, (view: DataView, at: number, littleEndian: boolean) => number>> = {
  uint8: (view, at) => view.getUint8(at),
  int8: (view, at) => view.getInt8(at),
  uint16: (view, at, little) => view.getUint16(at, little),
  int16: (view, at, little) => view.getInt16(at, little),
  uint32: (view, at, little) => view.getUint32(at, little),
  int32: (view, at, little) => view.getInt32(at, little),
  uint64: (view, at, little) => Number(view.getBigUint64(at, little)),
  int64: (view, at, little) => Number(view.getBigInt64(at, little)),
  float32: (view, at, little) => view.getFloat32(at, little),
  float64: (view, at, little) => view.getFloat64(at, little),
};

/** stored * slope + intercept in float64, for each stored voxel. */
export function storedValues(bytes: Uint8Array, encoding: Encoding): Float64Array {
  const { datatype, littleEndian, slope, intercept } = encoding;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = readers[datatype];
  const step = datatypeBytes[datatype];
  const values = new Float64Array(bytes.length / step);
  for (let i = 0; i < values.length; i++) values[i] = read(view, i * step, littleEndian) * slope + intercept;
  return values;
}

/** Canonical scores: rounded once to float32, -0 to 0, and probabilities that the gate let pass cut to [0, 1]. */
export function canonicalScores(values: Float64Array, kind: 'probability' | 'logit'): Float32Array {
  const scores = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const score = Math.fround(values[i]!) + 0;
    scores[i] = kind === 'logit' ? score : Math.min(Math.max(score, 0), 1);
  }
  return scores;
}
