/** Stored bytes to values, in plain TypeScript: what the kernels do in `convert.ts`, written a second time. */
import type { Encoding } from '../measures/tile/encoding.ts';
import { storedReaders } from '../volumes/stored-readers.ts';
import { datatypeBytes } from '../volumes/types.ts';

/** stored * slope + intercept in float64, for each stored voxel. */
export function storedValues(bytes: Uint8Array, encoding: Encoding): Float64Array {
  const { datatype, littleEndian, slope, intercept } = encoding;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = storedReaders[datatype];
  const step = datatypeBytes[datatype];
  const values = new Float64Array(bytes.length / step);
  for (let i = 0; i < values.length; i++) values[i] = read(view, i * step, littleEndian) * slope + intercept;
  return values;
}

/** Labels within `rounding` of a whole number as that number. */
export function roundedLabels(values: Float64Array, rounding: number): Float64Array {
  if (rounding === 0) return values;
  return values.map((value) =>
    Math.abs(value - Math.floor(value + 0.5)) <= rounding ? Math.floor(value + 0.5) : value,
  );
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
