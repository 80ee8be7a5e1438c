/**
 * A shard file: a tally or merged keys, whole or not at all. Layout (integers little-endian):
 *
 *   8 bytes  'VOXSHARD'
 *   uint32   format version
 *   uint32   bytes of the header (JSON, UTF-8)
 *   uint32   crc32 of the header
 *   header   { about, sections }: what it is of, and for each section where its directory and payload are
 *   directories, then payloads, in the order of the sections, then blobs
 *
 * `about` is the caller's; see docs/shard-format.md for the whole.
 */
import { crc32 } from 'node:zlib';
import * as z from 'zod';
import type { ByteSource } from '../../../base/byte-source.ts';
import { type FaultPlace, PartialError } from '../../../base/errors.ts';
import { type Block, bucketCount, decodeBlocks, sealDirectory } from './directory.ts';

const magic = Buffer.from('VOXSHARD');
export const formatVersion = 2;
/** What is read as well: only its directories differ. */
const formerVersion = 1;
const prefixBytes = 20;
/** Headers hold a tally at most; anything larger is not a header. */
const maxHeaderBytes = 1 << 28;

/** One class and side as kernels leave it. */
export interface SectionContent {
  readonly class: number;
  /** 0 background, 1 foreground. */
  readonly side: 0 | 1;
  readonly keys: number;
  /** Without checksums: they are filled in when it is stored. */
  readonly directory: Uint8Array;
  /** Those of its buckets behind each other. */
  readonly payload: Uint8Array;
}

const size = z.number().int().nonnegative();
const headerSchema = z.object({
  about: z.unknown(),
  /** Bytes behind the payloads; absent where there are none. */
  blobs: z.array(z.object({ name: z.string(), bytes: size, crc: size })).default([]),
  sections: z.array(
    z.object({
      class: size,
      side: z.union([z.literal(0), z.literal(1)]),
      keys: size,
      directoryBytes: size,
      directoryCrc: size,
      payloadBytes: size,
    }),
  ),
});

/** Bytes by name. */
export interface ShardBlob {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The bytes of a shard, in pieces. */
export function encodeShard(
  about: unknown,
  sections: readonly SectionContent[],
  blobs: readonly ShardBlob[] = [],
): Uint8Array[] {
  for (const { directory, payload } of sections) sealDirectory(directory, payload, formatVersion);
  const header = Buffer.from(
    JSON.stringify(
      {
        about,
        sections: sections.map(({ class: classIndex, side, keys, directory, payload }) => ({
          class: classIndex,
          side,
          keys,
          directoryBytes: directory.length,
          directoryCrc: crc32(directory),
          payloadBytes: payload.length,
        })),
        ...(blobs.length > 0 && {
          blobs: blobs.map(({ name, bytes }) => ({ name, bytes: bytes.length, crc: crc32(bytes) })),
        }),
      },
      (_key, value) => (typeof value === 'bigint' ? value.toString() : value),
    ),
  );
  const prefix = Buffer.alloc(prefixBytes);
  magic.copy(prefix);
  prefix.writeUInt32LE(formatVersion, 8);
  prefix.writeUInt32LE(header.length, 12);
  prefix.writeUInt32LE(crc32(header), 16);
  return [
    Buffer.concat([prefix, header, ...sections.map(({ directory }) => directory)]),
    ...sections.map((section) => section.payload).filter(({ length }) => length > 0),
    ...blobs.map(({ bytes }) => bytes).filter(({ length }) => length > 0),
  ];
}

export interface Section {
  readonly class: number;
  readonly side: 0 | 1;
  readonly keys: number;
  readonly directoryOffset: number;
  readonly directoryBytes: number;
  readonly directoryCrc: number;
  readonly payloadOffset: number;
  readonly payloadBytes: number;
}

/** A shard in a stored file; directories are read when asked for. */
export class ShardFile {
  readonly about: unknown;
  readonly sections: readonly Section[];
  readonly #source: ByteSource;
  readonly #version: number;
  readonly #blobs: ReadonlyMap<string, PlacedBlob>;
  /** Place behind its last byte. */
  readonly #end: number;

  private constructor(source: ByteSource, version: number, header: Header, start: number) {
    this.#source = source;
    this.#version = version;
    this.about = header.about;
    this.sections = placeSections(header.sections, start);
    const last = this.sections.at(-1);
    const blobs = new Map<string, PlacedBlob>();
    let end = last ? last.payloadOffset + last.payloadBytes : start;
    for (const { name, bytes, crc } of header.blobs) {
      blobs.set(name, { offset: end, bytes, crc });
      end += bytes;
    }
    this.#blobs = blobs;
    this.#end = end;
  }

  /** The shard at a place of a file. @throws PartialError when it is torn, corrupt or of another format version. */
  static at(source: ByteSource, offset = 0): ShardFile {
    const prefix = readExactly(source, offset, prefixBytes);
    if (!prefix.subarray(0, 8).equals(magic)) throw corrupt(source, 'it does not begin as a shard file');
    const version = prefix.readUInt32LE(8);
    if (version !== formatVersion && version !== formerVersion) {
      throw new PartialError(
        'shard-version',
        `${source.path}: format version ${version}, this program reads ${formerVersion} and ${formatVersion}`,
        placeOf(source),
      );
    }
    const headerBytes = prefix.readUInt32LE(12);
    // Nothing is allocated by a length that the file does not have.
    const room = source.byteLength - offset - prefixBytes;
    if (headerBytes > Math.min(room, maxHeaderBytes)) {
      throw corrupt(source, 'its header is longer than the file');
    }
    const header = readExactly(source, offset + prefixBytes, headerBytes);
    if (crc32(header) !== prefix.readUInt32LE(16)) {
      throw corrupt(source, 'its header fails its checksum');
    }
    const parsed = parseHeader(header, source);
    const held =
      parsed.sections.reduce((sum, section) => sum + section.directoryBytes + section.payloadBytes, 0) +
      parsed.blobs.reduce((sum, { bytes }) => sum + bytes, 0);
    if (held > room - headerBytes) throw corrupt(source, 'it lists more bytes than it has');
    return new ShardFile(source, version, parsed, offset + prefixBytes + headerBytes);
  }

  /** Names of its blobs, in the order stored. */
  get blobs(): string[] {
    return [...this.#blobs.keys()];
  }

  /** The bytes of a blob, checked. @throws PartialError when it is not there or not whole */
  blob(name: string): Uint8Array {
    const place = this.#blobs.get(name);
    if (!place) throw corrupt(this.#source, `it holds no ${name}`);
    const bytes = readExactly(this.#source, place.offset, place.bytes);
    if (crc32(bytes) !== place.crc) throw corrupt(this.#source, `${name} fails its checksum`);
    return bytes;
  }

  /** The shards behind each other in a file, each to be used before the next is asked for. @throws as `at` */
  static *each(source: ByteSource): Generator<ShardFile> {
    let offset = 0;
    do {
      const shard = ShardFile.at(source, offset);
      yield shard;
      offset = shard.#end;
    } while (offset < source.byteLength);
  }

  /** For messages. */
  get path(): string {
    return this.#source.path;
  }

  /** Of the file in its store. */
  get name(): string {
    return this.#source.name;
  }

  /** The fault of what it holds, to be thrown: it is made again then. */
  corrupt(what: string): PartialError {
    return corrupt(this.#source, what);
  }

  section(classIndex: number, side: 0 | 1): Section | undefined {
    return this.sections.find((section) => section.class === classIndex && section.side === side);
  }

  /**
   * The blocks of a section that may hold buckets in [first, end), ascending; all by default. Void with the next directory
   * that is read, of this file or of another.
   */
  blocks(section: Section, first = 0, end = bucketCount): Block[] {
    // Read again for each range: kept for all files of a large case, directories would outgrow the keys of a range.
    const bytes = directoryBytes(section.directoryBytes);
    readInto(this.#source, section.directoryOffset, bytes);
    if (crc32(bytes) !== section.directoryCrc) {
      throw corrupt(this.#source, 'a directory fails its checksum');
    }
    try {
      return decodeBlocks(bytes, section.payloadBytes, this.#version, first, end);
    } catch (error) {
      // Names the file: what is damaged is set aside by its name and made again.
      throw error instanceof PartialError ? corrupt(this.#source, error.message, error) : error;
    }
  }

  /** The blocks that may hold buckets in [first, end), and their bytes. Void as those of `blocks`. */
  span(section: Section, first: number, end: number): BlockSpan {
    const blocks = this.blocks(section, first, end);
    const offset = blocks[0]?.offset ?? 0;
    const last = blocks.at(-1);
    return { blocks, offset, bytes: last ? last.offset + last.bytes - offset : 0 };
  }

  /** Reads the payload of a span into `target`, which has its length, and checks the blocks' checksums. */
  readSpan(section: Section, span: BlockSpan, target: Uint8Array): void {
    readInto(this.#source, section.payloadOffset + span.offset, target);
    for (const block of span.blocks) {
      const from = block.offset - span.offset;
      if (crc32(target.subarray(from, from + block.bytes)) !== block.crc) {
        throw corrupt(this.#source, 'a block fails its checksum');
      }
    }
  }
}

let directoryScratch = new Uint8Array(1 << 16);

/** Room for a directory while it is decoded: one for all, since files are read one after the other. */
function directoryBytes(length: number): Uint8Array {
  if (directoryScratch.length < length) directoryScratch = new Uint8Array(2 * length);
  return directoryScratch.subarray(0, length);
}

/** Consecutive blocks; `offset` is the place of the first in the section's payload. */
export interface BlockSpan {
  readonly blocks: readonly Block[];
  readonly offset: number;
  readonly bytes: number;
}

type Header = z.infer<typeof headerSchema>;

interface PlacedBlob {
  readonly offset: number;
  readonly bytes: number;
  readonly crc: number;
}

function placeSections(sections: Header['sections'], start: number): readonly Section[] {
  let directoryOffset = start;
  let payloadOffset = start + sections.reduce((sum, section) => sum + section.directoryBytes, 0);
  return sections.map((section) => {
    const placed = { ...section, directoryOffset, payloadOffset };
    directoryOffset += section.directoryBytes;
    payloadOffset += section.payloadBytes;
    return placed;
  });
}

function parseHeader(bytes: Buffer, source: ByteSource): Header {
  try {
    return headerSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    throw corrupt(source, 'its header does not say what it holds', error);
  }
}

function corrupt(source: ByteSource, what: string, cause?: unknown): PartialError {
  return new PartialError('shard-corrupt', `${source.path}: ${what}`, {
    ...placeOf(source),
    cause,
  });
}

function placeOf({ path, name }: ByteSource): FaultPlace {
  return { file: path, record: name };
}

function readExactly(source: ByteSource, position: number, bytes: number): Buffer {
  const target = Buffer.alloc(bytes);
  readInto(source, position, target);
  return target;
}

function readInto(source: ByteSource, position: number, target: Uint8Array): void {
  if (source.read(position, target) < target.length) throw corrupt(source, 'it ends too early');
}
