/** Columns of whole numbers as bytes: varints of 7 bits a byte. */
import { VarintReader, VarintWriter } from '../sorted-errors/shard/varint.ts';

export function encodeNumbers(columns: readonly ArrayLike<number>[]): Uint8Array {
  const writer = new VarintWriter();
  for (const column of columns) {
    writer.write(column.length);
    for (let i = 0; i < column.length; i++) writer.write(column[i]!);
  }
  return writer.finish().slice();
}

/** `count` columns. @throws PartialError for bytes that end too early or go on */
export function decodeNumbers(bytes: Uint8Array, count: number): Float64Array[] {
  const reader = new VarintReader(bytes);
  const columns = Array.from({ length: count }, () => {
    const length = reader.read();
    // Each number takes a byte or more.
    if (length > bytes.length) throw reader.fault();
    const column = new Float64Array(length);
    for (let i = 0; i < length; i++) column[i] = reader.read();
    return column;
  });
  if (!reader.done) throw reader.fault();
  return columns;
}
