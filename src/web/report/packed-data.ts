/** The data of a page as it is in the file: its columns of numbers as base64, which is small and quick to read. */
import type { ReportData } from './report-data.ts';

export interface PackedData extends Omit<ReportData, 'values' | 'reasons'> {
  /** By class: all measures of all cases, float32 in the byte order of nearly every machine. */
  readonly values: readonly string[];
  /** By class. */
  readonly reasons: readonly string[];
}

export function packData(data: ReportData): PackedData {
  return {
    ...data,
    values: data.values.map((columns) => {
      const bytes = Buffer.alloc(4 * columns.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const column of columns) for (const value of column) at = bytes.writeFloatLE(value, at);
      return bytes.toString('base64');
    }),
    reasons: data.reasons.map((column) => Buffer.from(column).toString('base64')),
  };
}

/** In the browser. */
export function unpackData(packed: PackedData): ReportData {
  const count = packed.cases.length;
  return {
    ...packed,
    values: packed.values.map((text) => {
      const view = new DataView(bytesOf(text).buffer);
      return packed.measures.map((_, measure) =>
        Float32Array.from({ length: count }, (_, at) => view.getFloat32(4 * (measure * count + at), true)),
      );
    }),
    reasons: packed.reasons.map(bytesOf),
  };
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
