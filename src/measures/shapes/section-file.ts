/**
 * A file of named sections: what tiles and cases keep of shapes. Layout (integers little-endian):
 *
 *   8 bytes  'VOXPARTS'
 *   uint32   format version
 *   uint32   bytes of the header (JSON, UTF-8)
 *   uint32   crc32 of the header
 *   header   { about, sections }: what it is of, and name, bytes, stored bytes and crc32 of each section
 *   sections, behind each other; deflated (RFC 1951) where fewer bytes are stored than it has
 *
 * A section is read alone, and its checksum is checked before it is inflated.
 */
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod';
import type { ByteSource } from '../../base/byte-source.ts';
import { PartialError } from '../../base/errors.ts';

const magic = Buffer.from('VOXPARTS');
export const sectionFileVersion = 1;
const prefixBytes = 20;
/** The start of a deflation, and of its reversal, takes longer than a few hundred bytes are worth. */
const leastDeflated = 1024;
const maxHeaderBytes = 1 << 28;

export interface NamedSection {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const size = z.number().int().nonnegative();
const headerSchema = z.object({
  about: z.unknown(),
  sections: z.array(
    z.object({ name: z.string(), bytes: size.max(2 ** 32), stored: size.max(2 ** 32), crc: size }),
  ),
});

/** The file in pieces. `deflate`: make sections smaller where that pays. */
export function encodeSections(
  about: unknown,
  sections: readonly NamedSection[],
  deflate: boolean,
): Uint8Array[] {
  const stored = sections.map(({ bytes }) => {
    if (!deflate || bytes.length < leastDeflated) return bytes;
    const small = deflateRawSync(bytes, { level: 1, memLevel: 9 });
    return small.length < bytes.length ? small : bytes;
  });
  const header = Buffer.from(
    JSON.stringify({
      about,
      sections: sections.map(({ name, bytes }, i) => ({
        name,
        bytes: bytes.length,
        stored: stored[i]!.length,
        crc: crc32(stored[i]!),
      })),
    }),
  );
  const prefix = Buffer.alloc(prefixBytes);
  magic.copy(prefix);
  prefix.writeUInt32LE(sectionFileVersion, 8);
  prefix.writeUInt32LE(header.length, 12);
  prefix.writeUInt32LE(crc32(header), 16);
  return [Buffer.concat([prefix, header]), ...stored.filter(({ length }) => length > 0)];
}

/** A file opened for reading. */
export class SectionFile {
  readonly about: unknown;
  readonly names: readonly string[];
  readonly #bytes: ByteSource;
  readonly #sections = new Map<string, { offset: number; bytes: number; stored: number; crc: number }>();

  /** @throws PartialError when it is torn, corrupt or of another format version */
  constructor(bytes: ByteSource) {
    this.#bytes = bytes;
    const prefix = this.#read(0, prefixBytes);
    if (!Buffer.from(prefix.subarray(0, 8)).equals(magic))
      throw this.corrupt('it does not begin as such a file');
    const view = new DataView(prefix.buffer, prefix.byteOffset, prefixBytes);
    const version = view.getUint32(8, true);
    if (version !== sectionFileVersion) {
      throw new PartialError(
        'shard-version',
        `${bytes.path}: format version ${version}, this program reads ${sectionFileVersion}`,
        { file: bytes.path, record: bytes.name },
      );
    }
    const headerBytes = view.getUint32(12, true);
    if (headerBytes > maxHeaderBytes) throw this.corrupt('its header is implausibly long');
    const header = this.#read(prefixBytes, headerBytes);
    if (crc32(header) !== view.getUint32(16, true)) throw this.corrupt('the checksum of its header differs');
    let parsed: z.infer<typeof headerSchema>;
    try {
      parsed = headerSchema.parse(JSON.parse(Buffer.from(header).toString('utf8')));
    } catch (error) {
      throw this.corrupt('its header does not say what it holds', error);
    }
    this.about = parsed.about;
    this.names = parsed.sections.map(({ name }) => name);
    let offset = prefixBytes + headerBytes;
    for (const section of parsed.sections) {
      this.#sections.set(section.name, { ...section, offset });
      offset += section.stored;
    }
    if (offset > bytes.byteLength) throw this.corrupt('it ends too early');
  }

  has(name: string): boolean {
    return this.#sections.has(name);
  }

  /** The bytes of a section. @throws PartialError when there is none, or its checksum differs */
  section(name: string): Uint8Array {
    const section = this.#sections.get(name);
    if (section === undefined) throw this.corrupt(`it has no section ${name}`);
    const stored = this.#read(section.offset, section.stored);
    if (crc32(stored) !== section.crc) throw this.corrupt(`the checksum of ${name} differs`);
    if (section.stored === section.bytes) return stored;
    try {
      const bytes = inflateRawSync(stored, { maxOutputLength: Math.max(1, section.bytes) });
      if (bytes.length === section.bytes) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    } catch (error) {
      throw this.corrupt(`${name} cannot be inflated`, error);
    }
    throw this.corrupt(`${name} is shorter than it says`);
  }

  corrupt(what: string, cause?: unknown): PartialError {
    return new PartialError('shard-corrupt', `${this.#bytes.path}: ${what}`, {
      file: this.#bytes.path,
      record: this.#bytes.name,
      cause,
    });
  }

  #read(position: number, length: number): Uint8Array {
    if (position + length > this.#bytes.byteLength) throw this.corrupt('it ends too early');
    const target = new Uint8Array(length);
    if (this.#bytes.read(position, target) < length) throw this.corrupt('it ends too early');
    return target;
  }
}
