import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PartialError } from '../../../../src/base/errors.ts';
import {
  decodeBlocks,
  eachBucket,
  sealDirectory,
} from '../../../../src/measures/sorted-errors/shard/directory.ts';
import { formatVersion } from '../../../../src/measures/sorted-errors/shard/file.ts';
import { VarintReader, VarintWriter } from '../../../../src/measures/sorted-errors/shard/varint.ts';
import { directoryOf, type Entry } from '../../../kernels/twins/directory.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { packedSection, runSection } from './content.ts';
import { openShard, writeShardFile } from './stored.ts';

const folder = temporaryFolder()();

/** Everything that a file says, with all checksums checked. */
function readAll(path: string) {
  const { shard: file, source } = openShard(path);
  try {
    const sections = file.sections.map((section) => {
      const span = file.span(section, 0, 65536);
      const payload = new Uint8Array(span.bytes);
      file.readSpan(section, span, payload);
      const buckets: number[][] = [];
      for (const block of span.blocks) eachBucket(block, (...bucket) => buckets.push(bucket));
      return { class: section.class, side: section.side, keys: section.keys, buckets, payload: [...payload] };
    });
    return { about: file.about, sections };
  } finally {
    source.close();
  }
}

const small = () => {
  const path = join(folder, 'small.shard');
  writeShardFile(path, { case: 1, tile: 2 }, [
    packedSection(0, 0, [0x3e120005, 0x3e120001, 0x3f000000, 0x3e120005]),
    runSection(0, 1, [
      [0x00000000, 1000],
      [0x7e000000, 1],
    ]),
  ]);
  return path;
};

test('the example of docs/shard-format.md, byte for byte', () => {
  const page = readFileSync(new URL('../../../../docs/shard-format.md', import.meta.url), 'utf8');
  const example = /```hex\n([\s\S]*?)```/.exec(page)![1]!;
  const bytes = [...example.matchAll(/^([0-9a-f ]+?)(?: {2,}.*)?$/gm)].flatMap(([, hex]) =>
    hex!.trim().split(/\s+/),
  );
  expect(bytes.join(' ')).toBe(
    readFileSync(small())
      .toString('hex')
      .replaceAll(/(..)(?=.)/g, '$1 '),
  );
});

test('a file gives back what was written', () => {
  expect(readAll(small())).toEqual({
    about: { case: 1, tile: 2 },
    sections: [
      {
        class: 0,
        side: 0,
        keys: 4,
        buckets: [
          [0x3e12, 0, 3, 0, 6],
          [0x3f00, 0, 1, 6, 2],
        ],
        payload: [5, 0, 1, 0, 5, 0, 0, 0],
      },
      {
        class: 0,
        side: 1,
        keys: 1001,
        buckets: [
          [0, 1, 1000, 0, 3],
          [0x7e00, 1, 1, 3, 1],
        ],
        payload: [1, 0xe6, 7, 0],
      },
    ],
  });
});

test('every changed byte and every cut is found: PartialError naming the file, never a wrong number', () => {
  const path = small();
  const bytes = readFileSync(path);
  for (let at = 0; at < bytes.length; at++) {
    for (const change of [0x01, 0x80, 0xff]) {
      const broken = Buffer.from(bytes);
      broken[at]! ^= change;
      writeFileSync(path, broken);
      expect(() => readAll(path), `byte ${at} ^ ${change}`).toThrow(PartialError);
    }
  }
  writeFileSync(path, bytes);
  for (let length = bytes.length - 1; length >= 0; length--) {
    truncateSync(path, length);
    expect(() => readAll(path), `${length} bytes`).toThrow(PartialError);
  }
  rmSync(path);
  try {
    readAll(path);
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ name: 'PartialError', code: 'shard-missing', place: { file: path } });
  }
});

/** `small`, as version 1 wrote it. */
const formerSmall = [
  '564f58534841524401000000e6000000d72ec9ee7b2261626f7574223a7b2263617365223a312c2274696c65223a327d',
  '2c2273656374696f6e73223a5b7b22636c617373223a302c2273696465223a302c226b657973223a342c226469726563',
  '746f72794279746573223a31352c226469726563746f7279437263223a3939383732313235342c227061796c6f616442',
  '79746573223a387d2c7b22636c617373223a302c2273696465223a312c226b657973223a313030312c22646972656374',
  '6f72794279746573223a31392c226469726563746f7279437263223a343231343436313134372c227061796c6f616442',
  '79746573223a347d5d7d927c020408059af240d10003da03010002e9070409ac82d67b01e80703fff703010105000100',
  '0500000001e60700',
].join('');

test('a file of version 1 is read', () => {
  const path = join(folder, 'former.shard');
  writeFileSync(path, Buffer.from(formerSmall, 'hex'));
  expect(readAll(path)).toEqual(readAll(small()));
});

test('a file of another format version is refused by name', () => {
  const path = small();
  const bytes = readFileSync(path);
  bytes.writeUInt32LE(99, 8);
  writeFileSync(path, bytes);
  expect(() => openShard(path)).toThrow(/format version 99, this program reads 1 and 2/);
});

test('what is no shard header, though its checksum holds, is a PartialError too', () => {
  const path = small();
  for (const text of ['{', '[]', '{"sections":[{"class":-1}]}']) {
    const prefix = readFileSync(path).subarray(0, 12);
    const rest = Buffer.alloc(8);
    rest.writeUInt32LE(text.length, 0);
    rest.writeUInt32LE(crc32(text), 4);
    const broken = join(folder, 'broken.shard');
    writeFileSync(broken, Buffer.concat([prefix, rest, Buffer.from(text)]));
    expect(() => openShard(broken), text).toThrow(PartialError);
  }
});

describe('directories', () => {
  const content = fc
    .uniqueArray(fc.integer({ min: 0, max: 65535 }), { minLength: 1, maxLength: 60 })
    .chain((list) =>
      fc.tuple(
        fc.constant(list.sort((a, b) => a - b)),
        fc.array(
          fc.record({
            encoding: fc.constantFrom(0, 1, 2),
            keys: fc.integer({ min: 1, max: 9000 }),
            bytes: fc.nat(9000),
          }),
          { minLength: list.length, maxLength: list.length },
        ),
      ),
    )
    .map(([buckets, rest]) =>
      buckets.map((bucket, i) => {
        const { encoding, keys, bytes } = rest[i]!;
        const length = [2 * keys, bytes + 1, keys + ((keys + 262) >> 3)][encoding]!;
        return [bucket, encoding, keys, length] satisfies Entry;
      }),
    );

  test('list every bucket once, in blocks with checksums, and find ranges of them', () => {
    fc.assert(
      fc.property(content, fc.nat(65536), fc.nat(65536), (entries, a, b) => {
        const payload = Uint8Array.from(
          { length: entries.reduce((sum, entry) => sum + entry[3], 0) },
          (_, i) => i * 31,
        );
        const directory = directoryOf(entries);
        sealDirectory(directory, payload, formatVersion);
        const blocks = decodeBlocks(directory, payload.length, formatVersion);
        const found: number[][] = [];
        let offset = 0;
        for (const block of blocks) {
          expect(block.crc).toBe(crc32(payload.subarray(block.offset, block.offset + block.bytes)));
          eachBucket(block, (bucket, encoding, keys, at, bytes) => {
            expect(at).toBe(offset);
            offset += bytes;
            found.push([bucket, encoding, keys, bytes]);
          });
        }
        expect(found).toEqual(entries.map((entry) => [...entry]));
        // A range of buckets lies within its blocks, and one block before or behind is not read.
        const [first, end] = [Math.min(a, b), Math.max(a, b)];
        const ranged = decodeBlocks(directory, payload.length, formatVersion, first, end);
        expect(blocks.map((block) => JSON.stringify(block))).toEqual(
          expect.arrayContaining(ranged.map((block) => JSON.stringify(block))),
        );
        const inRange: number[] = [];
        for (const block of ranged) eachBucket(block, (bucket) => inRange.push(bucket));
        for (const [bucket] of entries) {
          if (bucket >= first && bucket < end) expect(inRange).toContain(bucket);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('that are cut off, or list more than stands there, are refused', () => {
    const bytes = directoryOf([[7, 0, 2, 4]]);
    expect(() => decodeBlocks(bytes, 5, formatVersion)).toThrow(/lists 4 bytes where there are 5/);
    expect(() => decodeBlocks(bytes.subarray(0, bytes.length - 1), 4, formatVersion)).toThrow(/cut off/);
  });
});

test('integers below 2^53 come back from their bytes', () => {
  // Those at which a number takes a byte more, or no longer fits 31 or 32 bits.
  const edges = [7, 14, 21, 28, 31, 32, 35, 49].flatMap((bits) => [2 ** bits - 1, 2 ** bits]);
  const number = fc.oneof(fc.maxSafeNat(), fc.nat(40_000), fc.constantFrom(...edges));
  fc.assert(
    fc.property(fc.array(number, { maxLength: 2000 }), (values) => {
      const writer = new VarintWriter();
      for (const value of values) writer.write(value);
      const reader = new VarintReader(writer.finish());
      expect(values.map(() => reader.read())).toEqual(values);
      expect(reader.done).toBe(true);
    }),
  );
});
