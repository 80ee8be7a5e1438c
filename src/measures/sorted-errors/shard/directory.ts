/**
 * The directory of a section (one class, one side of the label): which buckets hold keys, how each is encoded and
 * where it stands. Buckets are gathered into blocks of about 16 KiB, the unit of reading and of the checksum.
 *
 * Bytes, for each block: varint(first bucket), varint(buckets), varint(keys), varint(payload bytes),
 * varint(token bytes), uint32 crc32(payload), then the tokens, one a bucket: varint(gap << 2 | encoding) with gap =
 * bucket - previous bucket of the block - 1 (the first: 0), varint(keys), and for runs varint(bytes). Version 1 of the format
 * had no split keys, and varint(gap << 1 | encoding).
 */
import { crc32 } from 'node:zlib';
import { PartialError } from '../../../base/errors.ts';
import { VarintReader } from './varint.ts';

/** Keys are split at bit 16: 65536 buckets of 65536 keys. */
export const bucketCount = 65536;

/**
 * How a bucket's keys are in the payload: the low halves of all of them, sorted runs, or sorted and split into low and high bytes
 * (kernels, few-keys.ts).
 */
export const packed = 0;
export const runs = 1;
export const split = 2;
const encodings = 4;

/** Encodings that tokens of a format version tell apart. */
export function encodingsOf(version: number): number {
  return version === 1 ? 2 : encodings;
}

/** A block is closed when its payload has reached this size. */
const blockBytes = 16384;
const crcBytes = 4;

export interface Block {
  readonly firstBucket: number;
  readonly buckets: number;
  readonly keys: number;
  /** Place of its payload in the section's payload. */
  readonly offset: number;
  readonly bytes: number;
  readonly crc: number;
  readonly tokens: Uint8Array;
  /** Of the format. */
  readonly version: number;
}

/** Takes one bucket of a block; `offset` is its place in the section's payload. */
export type TakeBucket = (
  bucket: number,
  encoding: number,
  keys: number,
  offset: number,
  bytes: number,
) => void;

/** Room that the directory of so many bytes of payload takes at most, of less than 2^29 bytes. */
export function mostDirectoryBytes(payloadBytes: number): number {
  return 8 * bucketCount + 32 * Math.ceil(payloadBytes / blockBytes);
}

/** Fills in the checksums of a directory, which kernels leave open (kernels, directory.ts). */
export function sealDirectory(directory: Uint8Array, payload: Uint8Array, version: number): void {
  const view = new DataView(directory.buffer);
  for (const { tokens, offset, bytes } of decodeBlocks(directory, payload.length, version)) {
    view.setUint32(tokens.byteOffset - crcBytes, crc32(payload.subarray(offset, offset + bytes)), true);
  }
}

/**
 * The blocks that may hold buckets in [first, end), ascending; all by default. Their tokens are views of `bytes`.
 * @throws PartialError when the bytes are no directory of `payloadBytes` bytes of payload.
 */
export function decodeBlocks(
  bytes: Uint8Array,
  payloadBytes: number,
  version: number,
  first = 0,
  end = bucketCount,
): Block[] {
  const reader = new VarintReader(bytes);
  let blocks: Block[] = [];
  let offset = 0;
  while (!reader.done) {
    const firstBucket = reader.read();
    const buckets = reader.read();
    const keys = reader.read();
    const length = reader.read();
    const tokenBytes = reader.read();
    const crc = reader.readUint32();
    const tokens = reader.readBytes(tokenBytes);
    // A block ends before the next one begins: those before the last that begins at or below `first` are not asked for.
    if (firstBucket <= first) blocks = [];
    if (firstBucket < end)
      blocks.push({ firstBucket, buckets, keys, offset, bytes: length, crc, tokens, version });
    offset += length;
  }
  if (offset !== payloadBytes) {
    throw new PartialError(
      'shard-corrupt',
      `a shard directory lists ${offset} bytes where there are ${payloadBytes}`,
    );
  }
  return blocks;
}

/** Hands the buckets of a block to `take`, ascending. @throws PartialError when they do not fit the block */
export function eachBucket(block: Block, take: TakeBucket): void {
  const reader = new VarintReader(block.tokens);
  const end = block.offset + block.bytes;
  let bucket = block.firstBucket - 1;
  const known = encodingsOf(block.version);
  let { offset } = block;
  for (let rank = 0; rank < block.buckets; rank++) {
    const head = reader.read();
    bucket += Math.floor(head / known) + 1;
    const keys = reader.read();
    const encoding = head % known;
    const bytes = encoding === packed ? 2 * keys : encoding === split ? splitBytes(keys) : reader.read();
    if (bucket >= bucketCount || encoding > split || offset + bytes > end) {
      throw new PartialError('shard-corrupt', `a shard directory lists bucket ${bucket} beyond its block`);
    }
    take(bucket, encoding, keys, offset, bytes);
    offset += bytes;
  }
}

/** A byte for each key, and bits up to that of the last with the highest byte there is. */
function splitBytes(keys: number): number {
  return keys + Math.ceil((keys + 255) / 8);
}
