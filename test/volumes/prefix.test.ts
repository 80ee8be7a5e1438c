/** The first bytes of gzip files, of which the first kilobyte nearly always holds enough. */
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readPrefix } from '../../src/volumes/prefix.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
/** Bytes that do not compress. */
const content = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 7919) >> 5));
const zipped = gzipSync(content);

/** The same with a comment of so many bytes in the header of the gzip file. */
function commented(bytes: number): Buffer {
  const header = Buffer.from(zipped.subarray(0, 10));
  header[3] = 0x10;
  return Buffer.concat([header, Buffer.alloc(bytes, 'c'), Buffer.alloc(1), zipped.subarray(10)]);
}

const changed = Buffer.from(zipped);
changed[zipped.length - 20]! ^= 255;

test.each<[string, Buffer, number]>([
  ['at once', zipped, 540],
  ['behind a long comment', commented(3000), 540],
  ['more than are looked at first', zipped, 4000],
  ['more than there are', zipped, 9000],
  ['before damage', changed, 540],
  ['of a file that is cut off behind them', zipped.subarray(0, 900), 540],
  [
    'of several members',
    Buffer.concat([gzipSync(content.subarray(0, 100)), gzipSync(content.subarray(100))]),
    540,
  ],
])('%s', async (name, bytes, wantedBytes) => {
  const file = folder(`${name}.gz`);
  writeFileSync(file, bytes);
  expect(await readPrefix(file, wantedBytes)).toEqual({
    bytes: new Uint8Array(content.subarray(0, wantedBytes)),
    compressed: true,
    fileBytes: bytes.length,
  });
});

test('damage within them is told', async () => {
  const file = folder('damaged.gz');
  const damaged = Buffer.from(zipped);
  damaged.fill(255, 12, 40);
  writeFileSync(file, damaged);
  await expect(readPrefix(file, 540)).rejects.toMatchObject({ name: 'InputError', place: { file } });
});
