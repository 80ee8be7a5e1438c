/** The keys of a range of buckets in kernel memory, from any number of shard files, listed by bucket. */
import { PartialError } from '../../base/errors.ts';
import type { Kernels, Layout } from '../../kernels/kernels.ts';
import { type Block, encodingsOf } from './shard/directory.ts';
import type { Section, ShardFile } from './shard/file.ts';

/** A piece as kernels take it: address, bytes, side, encoding (uint32 each). */
const rowBytes = 16;
/** And as it is recorded until all are read: place, bytes, side, encoding and slot, and on from `keysAt` its keys (float64). */
const recordBytes = 32;
const keysAt = 24;

/** Pieces of one block, recorded behind each other. */
interface Recorded {
  readonly file: ShardFile['path'];
  readonly records: number;
  readonly count: number;
  /** What the places of its pieces need to be addresses. */
  address: number;
}

/**
 * A piece is the keys of one bucket and side in one file. There are as many as buckets times files, so kernels read, keep and
 * list them. First all sections are read, then the pieces are listed, then buckets are added to cells.
 */
export class Pieces {
  readonly #kernels: Kernels;
  readonly #layout: Layout;
  readonly #first: number;
  readonly #end: number;
  readonly #recorded: Recorded[] = [];
  #count = 0;
  /** Keys of each bucket: float64 pairs [background, foreground]. */
  readonly #keys: number;
  /** How many pieces each bucket has; from `list` on the first row of each, and behind them the end (uint32). */
  readonly #starts: number;
  #rows = 0;
  /** Room for the tokens of a block and its records. */
  #scratch = 0;
  #scratchBytes = 0;

  /** For buckets [first, end). */
  constructor(kernels: Kernels, layout: Layout, first: number, end: number) {
    this.#kernels = kernels;
    this.#layout = layout;
    this.#first = first;
    this.#end = end;
    this.#keys = layout.region(16 * this.#slots);
    this.#starts = layout.region(4 * (this.#slots + 1));
    this.#bytes(this.#keys, 16 * this.#slots).fill(0);
    this.#bytes(this.#starts, 4 * this.#slots).fill(0);
  }

  /**
   * Reads the buckets of a section into kernel memory: of these alone, so that many files cost no more than few. The
   * file may be closed afterwards.
   */
  read(file: ShardFile, section: Section): void {
    const span = file.span(section, this.#first, this.#end);
    const own: Recorded[] = [];
    for (const block of span.blocks) {
      const recorded = this.#record(file, block, block.offset - span.offset, section.side);
      if (recorded.count > 0) own.push(recorded);
    }
    const [head, tail] = [own[0], own.at(-1)];
    if (!head || !tail) return;
    // Pieces of a section follow each other: the first begins and the last ends what is kept.
    const [begin] = this.#placeOf(head.records);
    const [last, lastBytes] = this.#placeOf(tail.records + recordBytes * (tail.count - 1));
    const stop = last + lastBytes;
    const payload = payloadBytes(span.bytes);
    file.readSpan(section, span, payload);
    const address = this.#layout.region(stop - begin);
    this.#bytes(address, stop - begin).set(payload.subarray(begin, stop));
    for (const recorded of own) recorded.address = address - begin;
    this.#recorded.push(...own);
  }

  /** Records the pieces of a block whose payload is at `place` of what will be read. */
  #record(file: ShardFile, block: Block, place: number, side: 0 | 1): Recorded {
    const { tokens, buckets } = block;
    const records = this.#roomFor(tokens.length, buckets);
    this.#bytes(this.#scratch, tokens.length).set(tokens);
    const count = this.#kernels.readPieces(
      this.#scratch,
      this.#scratch + tokens.length,
      buckets,
      block.firstBucket,
      encodingsOf(block.version),
      place,
      block.bytes,
      this.#first,
      this.#end,
      side,
      records,
      this.#keys,
      this.#starts,
    );
    if (count < 0) throw file.corrupt('a directory lists buckets beyond their block');
    this.#count += count;
    const kept = count > 0 ? this.#layout.region(recordBytes * count) : 0;
    new Uint8Array(this.#kernels.memory.buffer).copyWithin(kept, records, records + recordBytes * count);
    return { file: file.path, records: kept, count, address: 0 };
  }

  /** Makes room in the scratch; returns where the records go. */
  #roomFor(tokenBytes: number, buckets: number): number {
    const before = Math.ceil((tokenBytes + 8) / 64) * 64;
    const bytes = before + recordBytes * buckets;
    if (bytes > this.#scratchBytes) {
      this.#scratchBytes = Math.max(2 * bytes, 1 << 16);
      this.#scratch = this.#layout.region(this.#scratchBytes);
    }
    return this.#scratch + before;
  }

  /** Lists the pieces by bucket, those of a bucket in the order in which they were read. Nothing is read after it. */
  list(): this {
    const next = this.#layout.region(4 * (this.#slots + 1));
    this.#rows = this.#layout.region(rowBytes * this.#count);
    this.#kernels.startRows(this.#starts, this.#slots, next);
    for (const { records, count, address } of this.#recorded) {
      this.#kernels.listPieces(records, count, address, next, this.#rows);
    }
    return this;
  }

  /** Keys of a bucket on one side; 0 for buckets out of the range. */
  keys(bucket: number, side: 0 | 1): number {
    return this.#keysOf()[2 * (bucket - this.#first) + side] ?? 0;
  }

  /**
   * Adds the keys of a bucket to those that the kernels gather.
   * @throws PartialError naming the file whose keys are not what its directory says
   */
  add(bucket: number, cells: number): void {
    const keys = this.keys(bucket, 0) + this.keys(bucket, 1);
    if (keys === 0) return;
    const starts = new Uint32Array(this.#kernels.memory.buffer, this.#starts, this.#slots + 1);
    const first = starts[bucket - this.#first]!;
    const end = starts[bucket - this.#first + 1]!;
    if (this.#addRows(first, end, cells) === keys) return;
    for (let row = first; row < end; row++) {
      const [file, keys] = this.#pieceAt(row);
      if (this.#addRows(row, row + 1, cells) === keys) continue;
      throw new PartialError(
        'shard-corrupt',
        `${file}: a bucket does not hold the keys that its directory lists`,
        { file },
      );
    }
    throw new PartialError('shard-corrupt', 'a bucket does not hold the keys that its directories list');
  }

  /** The pieces as the kernels `mergeBuckets` and `walkSteps` take them. Listed before. */
  table() {
    return { keys: this.#keys, starts: this.#starts, rows: this.#rows };
  }

  /** How many buckets hold keys, and how many keys they hold of each side. */
  totals() {
    let [buckets, background, foreground] = [0, 0, 0];
    const keys = this.#keysOf();
    for (let at = 0; at < keys.length; at += 2) {
      if (keys[at]! + keys[at + 1]! > 0) buckets++;
      background += keys[at]!;
      foreground += keys[at + 1]!;
    }
    return { buckets, background, foreground };
  }

  /** Why a bucket does not hold the keys that it should. */
  fault(bucket: number, cells: number): PartialError {
    try {
      this.add(bucket, cells);
    } catch (error) {
      if (error instanceof PartialError) return error;
      throw error;
    }
    return new PartialError('shard-corrupt', 'a bucket does not hold the keys that its directories list');
  }

  /** The file of the piece of a row, and how many keys it should hold. */
  #pieceAt(row: number): readonly [file: string, keys: number] {
    const [address] = this.#placeOf(this.#rows + rowBytes * row);
    const view = new DataView(this.#kernels.memory.buffer);
    for (const { file, records, count, address: added } of this.#recorded) {
      for (let at = records; at < records + recordBytes * count; at += recordBytes) {
        if (view.getUint32(at, true) + added === address) return [file, view.getFloat64(at + keysAt, true)];
      }
    }
    throw new PartialError('shard-corrupt', 'a bucket does not hold the keys that its directories list');
  }

  /** Place and bytes of a record or a row. */
  #placeOf(at: number): readonly [place: number, bytes: number] {
    const [place, bytes] = new Uint32Array(this.#kernels.memory.buffer, at, 2);
    return [place!, bytes!];
  }

  #addRows(first: number, end: number, cells: number): number {
    return this.#kernels.addPieceKeys(this.#rows + rowBytes * first, end - first, cells, 0);
  }

  get #slots(): number {
    return this.#end - this.#first;
  }

  #keysOf(): Float64Array {
    return new Float64Array(this.#kernels.memory.buffer, this.#keys, 2 * this.#slots);
  }

  #bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#kernels.memory.buffer, address, length);
  }
}

let payloadScratch = new Uint8Array(1 << 16);

/** Room for a payload on its way to kernel memory: one for all, since sections are read one after the other. */
function payloadBytes(length: number): Uint8Array {
  if (payloadScratch.length < length) payloadScratch = new Uint8Array(2 * length);
  return payloadScratch.subarray(0, length);
}
