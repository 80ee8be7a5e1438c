import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VoxtallyError } from '../../../src/base/errors.ts';
import { readHeader } from '../../../src/volumes/formats.ts';
import { openStream } from '../../../src/volumes/gzip-stream.ts';
import { dataBytes } from '../../../src/volumes/length.ts';
import { headerBytes } from '../../../src/volumes/nifti/fields.ts';
import { niftiHeaderBytes } from '../../../src/volumes/nifti/write.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const at = temporaryFolder();

/** Small whole files of every kind of container. */
const wholes = (['nifti1', 'nifti2'] as const).flatMap((format) =>
  [true, false].flatMap((littleEndian) => {
    const header = niftiHeaderBytes({ shape: [7, 5, 3], datatype: 'int16', format, littleEndian });
    const raw = Buffer.concat([header, Buffer.from(Array.from({ length: 210 }, (_, i) => (i * 37) % 251))]);
    return [raw, gzipSync(raw), Buffer.concat([gzipSync(raw.subarray(0, 100)), gzipSync(raw.subarray(100))])];
  }),
);

const damaged = fc
  .record({
    file: fc.constantFrom(...wholes),
    flips: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 6 }),
    keep: fc.option(fc.nat(), { nil: undefined }),
    tail: fc.uint8Array({ maxLength: 20 }),
  })
  .map(({ file, flips, keep, tail }) => {
    const bytes = Buffer.from(file);
    for (const [at, mask] of flips) bytes[at % bytes.length]! ^= mask;
    return Buffer.concat([keep === undefined ? bytes : bytes.subarray(0, keep % bytes.length), tail]);
  });

/** Reads all voxels in small blocks; the only errors allowed are named ones. */
async function readAll(path: string): Promise<string> {
  try {
    const header = await readHeader(path);
    const stream = openStream(header);
    const block = new Uint8Array(4096);
    // What a header may claim is bounded by its file's length, so this loop is, too.
    for (let left = dataBytes(header); left > 0; ) {
      const part = block.subarray(0, Math.min(left, block.length));
      await stream.read(part);
      left -= part.length;
    }
    await stream.finish();
    return 'read';
  } catch (error) {
    if (!(error instanceof VoxtallyError)) throw error;
    return error.code;
  }
}

it('damaged files are read or refused by name, never a hang or a crash, and the same way each time', async () => {
  const outcomes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(damaged, async (bytes) => {
      writeFileSync(at('damaged.nii.gz'), bytes);
      const outcome = await readAll(at('damaged.nii.gz'));
      expect(await readAll(at('damaged.nii.gz'))).toBe(outcome);
      outcomes.add(outcome);
    }),
    { numRuns: 600 },
  );
  // The damage must reach both the header and the stream, or this test tests nothing.
  expect(outcomes).toContain('read');
  expect(outcomes).toContain('gzip-cut-off');
  expect(outcomes).toContain('gzip-corrupt');
  expect(outcomes).toContain('data-short');
  expect(outcomes).toContain('not-nifti');
});

it.each(['nifti1', 'nifti2'] as const)(
  'a %s file cut anywhere after its header is refused by name',
  async (format) => {
    const header = niftiHeaderBytes({ shape: [7, 5, 3], datatype: 'int16', format });
    for (let bytes = headerBytes[format]; bytes <= header.length + 3; bytes++) {
      writeFileSync(at('cut.nii'), Buffer.concat([header, Buffer.alloc(3)]).subarray(0, bytes));
      expect(await readAll(at('cut.nii'))).toBe('data-short');
    }
  },
);

it('random bytes behind a valid magic are refused by name', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 352, maxLength: 700 }),
      fc.boolean(),
      async (noise, first) => {
        const bytes = Buffer.from(noise);
        bytes.writeInt32LE(first ? 348 : 540, 0);
        bytes.write(first ? 'n+1\0' : 'n+2\0', first ? 344 : 4, 'latin1');
        writeFileSync(at('noise.nii'), bytes);
        expect(await readAll(at('noise.nii'))).toBeTypeOf('string');
      },
    ),
    { numRuns: 300 },
  );
});
