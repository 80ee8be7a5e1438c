import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readHeader } from '../../src/volumes/formats.ts';
import { openStream } from '../../src/volumes/gzip-stream.ts';
import { dataBytes } from '../../src/volumes/length.ts';
import { niftiHeaderBytes, writeNifti } from '../../src/volumes/nifti/write.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { expectFault } from './nifti/faults.ts';

const at = temporaryFolder();
const golden = (name: string) => new URL(`../golden/${name}`, import.meta.url).pathname;

/** All voxels of a file in blocks of `blockBytes`, with `finish`. */
async function readAll(path: string, blockBytes = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
  const header = await readHeader(path);
  const stream = openStream(header);
  const voxels = new Uint8Array(dataBytes(header));
  for (let from = 0; from < voxels.length; ) {
    const to = Math.min(voxels.length, from + blockBytes);
    await stream.read(voxels.subarray(from, to));
    from = to;
  }
  await stream.finish();
  return voxels;
}

/** 3 MiB of voxels that hardly compress: more than the chunks that may wait. */
const noise = Uint32Array.from({ length: (3 << 20) / 4 }, (_, i) => Math.imul(i + 1, 2654435761));
const noisy = { shape: [256, 256, 12], datatype: 'uint32', data: noise } as const;

describe('openStream', () => {
  it('reads gzip of one and of several members, and raw files, in blocks of any size', async () => {
    for (const gzip of [true, 'members', false] as const) {
      await writeNifti(at('noisy.nii.gz'), { ...noisy, gzip });
      for (const blockBytes of [100_003, 1 << 20, Number.POSITIVE_INFINITY]) {
        expect(
          Buffer.compare(await readAll(at('noisy.nii.gz'), blockBytes), new Uint8Array(noise.buffer)),
        ).toBe(0);
      }
    }
    await writeNifti(at('tiny.nii.gz'), {
      shape: [3, 1, 1],
      datatype: 'uint8',
      data: Uint8Array.of(1, 2, 3),
      gzip: true,
    });
    expect(await readAll(at('tiny.nii.gz'), 1)).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('reads the golden file of three members', async () => {
    const whole = gunzipSync(readFileSync(golden('multimember.nii.gz')));
    const voxels = await readAll(golden('multimember.nii.gz'));
    expect(Buffer.compare(voxels, whole.subarray(352))).toBe(0);
  });

  it('holds the inflation back while nobody reads', async () => {
    const header = niftiHeaderBytes({ shape: [1024, 1024, 64], datatype: 'uint8' });
    writeFileSync(at('zeros.nii.gz'), gzipSync(Buffer.concat([header, Buffer.alloc(64 << 20)])));
    const volume = await readHeader(at('zeros.nii.gz'));
    const before = process.memoryUsage().arrayBuffers;
    const stream = openStream(volume);
    await stream.read(new Uint8Array(1));
    await new Promise((resolve) => setTimeout(resolve, 300));
    // 64 MiB would be there if nothing held it back; chunks of 1 MiB may wait.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 << 20);
    await stream.read(new Uint8Array((64 << 20) - 1));
    await stream.finish();
  });

  it('refuses the damaged golden inputs', async () => {
    const cut = await expectFault(() => readAll(golden('bad_truncated.nii.gz')), 'gzip-cut-off', /cut off/);
    const again = await expectFault(
      () => readAll(golden('bad_truncated.nii.gz'), 999),
      'gzip-cut-off',
      /cut off/,
    );
    expect(again.message).toBe(cut.message);
    await expect(readAll(golden('bad_crc.nii.gz'))).rejects.toMatchObject({
      code: expect.stringMatching(/^gzip-(checksum|corrupt)$/),
    });
  });

  it('finds a wrong checksum and a wrong length behind voxels that read well', async () => {
    await writeNifti(at('sum.nii.gz'), { ...noisy, gzip: true });
    const bytes = readFileSync(at('sum.nii.gz'));
    for (const back of [8, 4]) {
      const bad = Buffer.from(bytes);
      bad[bad.length - back]! ^= 1;
      writeFileSync(at('bad.nii.gz'), bad);
      await expectFault(() => readAll(at('bad.nii.gz')), 'gzip-checksum', /checksum/);
    }
    writeFileSync(at('bad.nii.gz'), bytes.subarray(0, -8));
    await expectFault(() => readAll(at('bad.nii.gz')), 'gzip-cut-off', /cut off/);
  });

  it('accepts padding inside and zeros behind the gzip stream, and refuses other bytes behind it', async () => {
    const header = niftiHeaderBytes({ shape: [2, 2, 2], datatype: 'uint8' });
    const voxels = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]);
    const padded = gzipSync(Buffer.concat([header, voxels, Buffer.alloc(5 << 20, 7)]));
    writeFileSync(at('padded.nii.gz'), Buffer.concat([padded, Buffer.alloc(2 << 20)]));
    expect(await readAll(at('padded.nii.gz'))).toEqual(new Uint8Array(voxels));
    writeFileSync(at('garbage.nii.gz'), Buffer.concat([padded, Buffer.from('garbage')]));
    await expectFault(() => readAll(at('garbage.nii.gz')), 'gzip-corrupt', /followed by other bytes/);
  });

  it('refuses a stream that is shorter than its header says, with the arithmetic', async () => {
    const header = niftiHeaderBytes({ shape: [10, 10, 10], datatype: 'uint8' });
    writeFileSync(at('short.nii.gz'), gzipSync(Buffer.concat([header, Buffer.alloc(999)])));
    const sum =
      /10 x 10 x 10 voxels x 1 bytes \(uint8\) after 352 bytes need 1352, but the file inflates to 1351/;
    await expectFault(() => readAll(at('short.nii.gz'), 100), 'data-short', sum);
    // Also when the caller asks for nothing before it finishes.
    const stream = openStream(await readHeader(at('short.nii.gz')));
    await expectFault(() => stream.finish(), 'data-short', sum);
  });

  it('closes at any time, and then refuses to read', async () => {
    await writeNifti(at('closed.nii.gz'), { ...noisy, gzip: true });
    const header = await readHeader(at('closed.nii.gz'));
    const stream = openStream(header);
    const reading = stream.read(new Uint8Array(1 << 20));
    stream.close();
    stream.close();
    await expect(reading).rejects.toThrow(/after close/);
    await expect(stream.read(new Uint8Array(1))).rejects.toThrow(/after close/);
  });

  it('names a file that is gone, and refuses bytes behind the last voxel', async () => {
    await writeNifti(at('end.nii.gz'), { ...noisy, gzip: true });
    const header = await readHeader(at('end.nii.gz'));
    const gone = openStream({ ...header, dataPath: at('gone.nii.gz') });
    await expectFault(() => gone.read(new Uint8Array(1)), 'file-missing', /no such file/);
    const stream = openStream(header);
    await expect(stream.read(new Uint8Array(dataBytes(header) + 1))).rejects.toThrow(RangeError);
    stream.close();
  });
});
