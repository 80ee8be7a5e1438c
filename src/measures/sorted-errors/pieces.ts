/** The keys of a range of buckets in kernel memory, from any number of shard files, listed by bucket. */
import { PartialError } from '../../base/errors.ts';
import type { Kernels, Layout } from '../../kernels/kernels.ts';
import { eachBucket } from './shard/directory.ts';
import type { Section, ShardFile } from './shard/file.ts';

/** A piece as kernels take it: address, bytes, side, encoding (uint32 each). */
const rowLength = 4;
/** And as it is kept until all are read: the row, its bucket and its file. */
const recordLength = 6;

/** Left by those that are done: grown anew for each merge, it came to most of what a thread threw away. */
const spare: { readonly records: Uint32Array; readonly keysOf: Float64Array }[] = [];

/**
 * A piece is the keys of one bucket and side in one file. There are as many as buckets times files, so they are numbers
 * in arrays and never objects. First all sections are read, then the pieces are listed, then buckets are added to cells.
 */
export class Pieces {
  readonly #kernels: Kernels;
  readonly #layout: Layout;
  readonly #first: number;
  readonly #end: number;
  readonly #files: string[] = [];
  #count = 0;
  #records: Uint32Array;
  #keysOf: Float64Array;
  /** Keys of each bucket: [background, foreground] pairs. */
  readonly #keys: Float64Array;
  /** Pieces of each bucket, one place further on; from `list` on the first row of each bucket. */
  readonly #starts: Uint32Array;
  /** The piece of each row, and the address of the rows. */
  #order = new Uint32Array(0);
  #rows = 0;

  /** For buckets [first, end). */
  constructor(kernels: Kernels, layout: Layout, first: number, end: number) {
    this.#kernels = kernels;
    this.#layout = layout;
    this.#first = first;
    this.#end = end;
    const room = spare.pop() ?? {
      records: new Uint32Array(recordLength * 256),
      keysOf: new Float64Array(256),
    };
    this.#records = room.records;
    this.#keysOf = room.keysOf;
    this.#keys = new Float64Array(2 * (end - first));
    this.#starts = new Uint32Array(end - first + 1);
  }

  /**
   * Reads the buckets of a section into kernel memory: of these alone, so that many files cost no more than few. The
   * file may be closed afterwards.
   */
  read(file: ShardFile, section: Section): void {
    const span = file.span(section, this.#first, this.#end);
    const from = this.#count;
    for (const block of span.blocks) {
      eachBucket(block, (bucket, encoding, keys, offset, bytes) => {
        if (bucket < this.#first || bucket >= this.#end) return;
        this.#take(bucket, keys, offset - span.offset, bytes, section.side, encoding);
      });
    }
    if (this.#count === from) return;
    // Pieces of a section follow each other: the first begins and the last ends what is kept.
    const last = recordLength * (this.#count - 1);
    const begin = this.#records[recordLength * from]!;
    const stop = this.#records[last]! + this.#records[last + 1]!;
    const payload = payloadBytes(span.bytes);
    file.readSpan(section, span, payload);
    const address = this.#layout.region(stop - begin);
    new Uint8Array(this.#kernels.memory.buffer, address, stop - begin).set(payload.subarray(begin, stop));
    for (let at = recordLength * from; at < recordLength * this.#count; at += recordLength) {
      this.#records[at]! += address - begin;
      this.#records[at + 5] = this.#files.length;
    }
    this.#files.push(file.path);
  }

  /** Numbers one by one, not as an array: there are more than a million pieces in a hundred small cases. */
  #take(bucket: number, keys: number, start: number, bytes: number, side: 0 | 1, encoding: number): void {
    if (this.#count === this.#keysOf.length) {
      this.#records = grown(this.#records, new Uint32Array(2 * this.#records.length));
      this.#keysOf = grown(this.#keysOf, new Float64Array(2 * this.#keysOf.length));
    }
    const slot = bucket - this.#first;
    const at = recordLength * this.#count;
    this.#records[at] = start;
    this.#records[at + 1] = bytes;
    this.#records[at + 2] = side;
    this.#records[at + 3] = encoding;
    this.#records[at + rowLength] = slot;
    this.#keysOf[this.#count++] = keys;
    this.#keys[2 * slot + side]! += keys;
    this.#starts[slot + 1]!++;
  }

  /** Lists the pieces by bucket, those of a bucket in the order of their places in memory. Nothing is read after it. */
  list(): this {
    for (let slot = 1; slot < this.#starts.length; slot++) this.#starts[slot]! += this.#starts[slot - 1]!;
    const next = this.#starts.slice();
    this.#order = new Uint32Array(this.#count);
    this.#rows = this.#layout.region(4 * rowLength * this.#count);
    const rows = new Uint32Array(this.#kernels.memory.buffer, this.#rows, rowLength * this.#count);
    for (let piece = 0; piece < this.#count; piece++) {
      const at = recordLength * piece;
      const row = next[this.#records[at + rowLength]!]!++;
      this.#order[row] = piece;
      for (let i = 0; i < rowLength; i++) rows[rowLength * row + i] = this.#records[at + i]!;
    }
    return this;
  }

  /** Leaves its room to the next ones of this thread; nothing is asked of it afterwards. */
  release(): void {
    spare.push({ records: this.#records, keysOf: this.#keysOf });
    this.#records = new Uint32Array(0);
    this.#keysOf = new Float64Array(0);
  }

  /** Keys of a bucket on one side; 0 for buckets out of the range. */
  keys(bucket: number, side: 0 | 1): number {
    return this.#keys[2 * (bucket - this.#first) + side] ?? 0;
  }

  /**
   * Adds the keys of a bucket to those that the kernels gather.
   * @throws PartialError naming the file whose keys are not what its directory says
   */
  add(bucket: number, cells: number): void {
    const keys = this.keys(bucket, 0) + this.keys(bucket, 1);
    if (keys === 0) return;
    const first = this.#starts[bucket - this.#first]!;
    const end = this.#starts[bucket - this.#first + 1]!;
    if (this.#addRows(first, end, cells) === keys) return;
    for (let row = first; row < end; row++) {
      const piece = this.#order[row]!;
      if (this.#addRows(row, row + 1, cells) === this.#keysOf[piece]) continue;
      const file = this.#files[this.#records[recordLength * piece + 5]!]!;
      throw new PartialError(
        'shard-corrupt',
        `${file}: a bucket does not hold the keys that its directory lists`,
        { file },
      );
    }
    throw new PartialError('shard-corrupt', 'a bucket does not hold the keys that its directories list');
  }

  /** The pieces as the kernel `mergeBuckets` takes them. Listed before. */
  table() {
    const keys = this.#layout.region(8 * this.#keys.length);
    const starts = this.#layout.region(4 * this.#starts.length);
    new Float64Array(this.#kernels.memory.buffer, keys, this.#keys.length).set(this.#keys);
    new Uint32Array(this.#kernels.memory.buffer, starts, this.#starts.length).set(this.#starts);
    let [buckets, background, foreground] = [0, 0, 0];
    for (let at = 0; at < this.#keys.length; at += 2) {
      if (this.#keys[at]! + this.#keys[at + 1]! > 0) buckets++;
      background += this.#keys[at]!;
      foreground += this.#keys[at + 1]!;
    }
    return { keys, starts, rows: this.#rows, buckets, background, foreground };
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

  #addRows(first: number, end: number, cells: number): number {
    return this.#kernels.addPieceKeys(this.#rows + 4 * rowLength * first, end - first, cells, 0);
  }
}

function grown<T extends Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

let payloadScratch = new Uint8Array(1 << 16);

/** Room for a payload on its way to kernel memory: one for all, since sections are read one after the other. */
function payloadBytes(length: number): Uint8Array {
  if (payloadScratch.length < length) payloadScratch = new Uint8Array(2 * length);
  return payloadScratch.subarray(0, length);
}
