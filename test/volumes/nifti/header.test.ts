import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { MachineError } from '../../../src/base/errors.ts';
import { storageFault } from '../../../src/volumes/faults.ts';
import { readHeader } from '../../../src/volumes/formats.ts';
import { openStream } from '../../../src/volumes/gzip-stream.ts';
import { dataBytes } from '../../../src/volumes/length.ts';
import type { NiftiLayout, VoxelArray } from '../../../src/volumes/nifti/write.ts';
import { niftiHeaderBytes, voxelBytes, writeNifti } from '../../../src/volumes/nifti/write.ts';
import type { Datatype } from '../../../src/volumes/types.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { expectFault } from './faults.ts';

const at = temporaryFolder();
const golden = (name: string) => new URL(`../../golden/${name}`, import.meta.url).pathname;
const affine = [-2, 0.5, 0, 90, 0, 3, 0.25, -126, 0.125, 0, 4, -72, 0, 0, 0, 1];

const arrays: Record<Datatype, (length: number) => VoxelArray> = {
  uint8: (n) => Uint8Array.from({ length: n }, (_, i) => 200 + i),
  int8: (n) => Int8Array.from({ length: n }, (_, i) => i - 12),
  uint16: (n) => Uint16Array.from({ length: n }, (_, i) => 60_000 + i),
  int16: (n) => Int16Array.from({ length: n }, (_, i) => 3 - 300 * i),
  uint32: (n) => Uint32Array.from({ length: n }, (_, i) => 4e9 + i),
  int32: (n) => Int32Array.from({ length: n }, (_, i) => -70_000 * i),
  uint64: (n) => BigUint64Array.from({ length: n }, (_, i) => 2n ** 63n + BigInt(i)),
  int64: (n) => BigInt64Array.from({ length: n }, (_, i) => -(2n ** 40n) * BigInt(i)),
  float32: (n) => Float32Array.from({ length: n }, (_, i) => i / 7),
  float64: (n) => Float64Array.from({ length: n }, (_, i) => i / 7),
};

/** A small valid file whose header bytes may be changed before it is written. */
function write(name: string, layout: Partial<NiftiLayout>, change?: (view: DataView) => void): string {
  const whole: NiftiLayout = { shape: [4, 3, 2], datatype: 'uint8', ...layout };
  const header = niftiHeaderBytes(whole);
  change?.(new DataView(header.buffer));
  const data = arrays[whole.datatype](24 * (whole.channels ?? 1));
  writeFileSync(at(name), Buffer.concat([header, voxelBytes({ ...whole, data })]));
  return at(name);
}

describe('readHeader', () => {
  for (const datatype of Object.keys(arrays) as Datatype[]) {
    it(`reads ${datatype} in both formats, byte orders and compressions`, async () => {
      const data = arrays[datatype](48);
      for (const format of ['nifti1', 'nifti2'] as const) {
        for (const littleEndian of [true, false]) {
          for (const gzip of [false, true, 'members'] as const) {
            // The name is no evidence of compression.
            const path = at('matrix.nii');
            const layout = { shape: [4, 3, 2], channels: 2, datatype, littleEndian, format, affine } as const;
            await writeNifti(path, { ...layout, data, gzip, slope: 0.5, intercept: -1 });
            const header = await readHeader(path);
            expect(header).toMatchObject({
              format,
              littleEndian,
              datatype,
              channels: 2,
              slope: 0.5,
              intercept: -1,
            });
            expect(header).toMatchObject({ shape: [4, 3, 2], affine, affineSource: 'sform' });
            expect(header.compressed).toBe(gzip !== false);
            expect(header.dataOffset).toBe(format === 'nifti1' ? 352 : 544);
            const bytes = new Uint8Array(dataBytes(header));
            const stream = openStream(header);
            await stream.read(bytes);
            await stream.finish();
            expect(Buffer.compare(bytes, voxelBytes({ ...layout, data }))).toBe(0);
          }
        }
      }
    });
  }

  it('reads a file of one voxel, far shorter than a NIfTI-2 header, raw and gzip', async () => {
    const raw = await readHeader(golden('one.nii'));
    expect(raw).toMatchObject({ shape: [1, 1, 1], fileBytes: 356, compressed: false });
    writeFileSync(at('one.nii.gz'), gzipSync(readFileSync(golden('one.nii'))));
    expect(await readHeader(at('one.nii.gz'))).toMatchObject({ shape: [1, 1, 1], compressed: true });
  });

  it('takes dims beyond the third as channels and missing ones as 1', async () => {
    const seven = write('seven.nii', { channels: 12 }, (view) => {
      [7, 4, 3, 2, 2, 1, 3, 2].forEach((size, i) => {
        view.setInt16(40 + 2 * i, size, true);
      });
    });
    expect(await readHeader(seven)).toMatchObject({ shape: [4, 3, 2], channels: 12 });
    const two = write('two.nii', {}, (view) => {
      // Sizes behind dim[0] do not count, whatever they are.
      [2, 8, 3, 0, -5].forEach((size, i) => {
        view.setInt16(40 + 2 * i, size, true);
      });
    });
    expect(await readHeader(two)).toMatchObject({ shape: [8, 3, 1], channels: 1 });
  });

  it.each([
    ['dim[0] = 0', 40, 0],
    ['dim[0] = 8', 40, 8],
    ['dim[2] = 0', 44, 0],
    ['dim[3] = -2', 46, -2],
  ])('refuses %s', async (_, offset, value) => {
    const path = write('dims.nii', {}, (view) => view.setInt16(offset, value, true));
    await expectFault(() => readHeader(path), 'bad-dims', /dim = \[/);
  });

  it('refuses 64-bit dims of either byte order that are negative or cannot be counted', async () => {
    for (const littleEndian of [true, false]) {
      for (const size of [-1n, -(2n ** 63n), 2n ** 52n]) {
        const path = write('wide.nii', { format: 'nifti2', littleEndian }, (view) => {
          view.setBigInt64(24, size, littleEndian);
        });
        await expectFault(() => readHeader(path), 'bad-dims', /dim = /);
      }
    }
  });

  it('reads big-endian 64-bit sizes with the 32nd bit set', async () => {
    const path = write('big.nii', { format: 'nifti2', littleEndian: false }, (view) => {
      view.setBigInt64(24, 2n ** 31n, false);
    });
    const sum = new RegExp(
      `${2 ** 31} x 3 x 2 voxels x 1 bytes .* need ${2 ** 31 * 6 + 544}, but the file holds 568`,
    );
    await expectFault(() => readHeader(path), 'data-short', sum);
  });

  it.each([
    [0, 5, 1, 0],
    [Number.NaN, 5, 1, 0],
    [Number.POSITIVE_INFINITY, 5, 1, 0],
    [2, Number.NaN, 2, 0],
    [-0.5, 3, -0.5, 3],
  ])(
    'reads slope %d and intercept %d as %d and %d',
    async (slope, intercept, wantedSlope, wantedIntercept) => {
      const path = write('slope.nii', { slope, intercept });
      expect(await readHeader(path)).toMatchObject({ slope: wantedSlope, intercept: wantedIntercept });
    },
  );

  it.each([
    [1, 'binary'],
    [32, 'complex64'],
    [128, 'RGB24'],
    [1536, 'float128'],
    [1792, 'complex128'],
    [2048, 'complex256'],
    [2304, 'RGBA32'],
  ])('refuses type code %d as %s', async (code, name) => {
    const path = write('type.nii', {}, (view) => view.setInt16(70, code, true));
    await expectFault(() => readHeader(path), 'datatype-refused', new RegExp(`of type ${name}`));
  });

  it('refuses an unknown type code', async () => {
    const path = write('type.nii', {}, (view) => view.setInt16(70, 3, true));
    await expectFault(() => readHeader(path), 'datatype-unknown', /type code 3/);
  });

  it('skips extensions, in a raw and in a gzip file', async () => {
    const data = arrays.uint8(24);
    const header = niftiHeaderBytes({ shape: [4, 3, 2], datatype: 'uint8' });
    header[348] = 1;
    new DataView(header.buffer).setFloat32(108, 352 + 2016, true);
    const extension = Buffer.alloc(2016, 'e');
    extension.writeInt32LE(2016, 0);
    const bytes = Buffer.concat([header, extension, Buffer.from(data.buffer)]);
    for (const [name, content] of [['ext.nii', bytes] as const, ['ext.nii.gz', gzipSync(bytes)] as const]) {
      writeFileSync(at(name), content);
      const read = await readHeader(at(name));
      expect(read.dataOffset).toBe(2368);
      const stream = openStream(read);
      const voxels = new Uint8Array(24);
      await stream.read(voxels);
      await stream.finish();
      expect(voxels).toEqual(data);
    }
  });

  it.each([100, 352.5, -352, Number.NaN, 1e30])('refuses vox_offset %d', async (offset) => {
    const path = write('offset.nii', {}, (view) => view.setFloat32(108, offset, true));
    await expectFault(() => readHeader(path), 'bad-offset', /vox_offset/);
  });

  it('accepts padding behind the voxels and refuses missing bytes with the arithmetic', async () => {
    const path = write('length.nii', {});
    writeFileSync(path, Buffer.alloc(10), { flag: 'a' });
    expect(await readHeader(path)).toMatchObject({ fileBytes: 386 });
    const short = write('short.nii', { channels: 2, datatype: 'int16' });
    writeFileSync(short, readFileSync(short).subarray(0, -1));
    const sum =
      /4 x 3 x 2 voxels x 2 channels x 2 bytes \(int16\) after 352 bytes need 448, but the file holds 447/;
    await expectFault(() => readHeader(short), 'data-short', sum);
  });

  it('refuses a gzip file whose header claims more than gzip could hold, before reading it', async () => {
    const header = niftiHeaderBytes({ shape: [32_000, 32_000, 32_000], datatype: 'float64' });
    writeFileSync(at('bomb.nii.gz'), gzipSync(Buffer.concat([header, Buffer.alloc(1e6)])));
    await expectFault(() => readHeader(at('bomb.nii.gz')), 'data-short', /holds \d+ at most/);
  });

  it('names Analyze 7.5, a foreign file, an empty one, a short header, a folder and a pipe', async () => {
    const analyze = write('analyze.hdr', {}, (view) => view.setUint32(344, 0));
    await expectFault(() => readHeader(analyze), 'analyze-75', /Analyze 7\.5/);
    const magic = write('magic.nii', { format: 'nifti2' }, (view) => view.setUint8(4, 65));
    await expectFault(() => readHeader(magic), 'not-nifti', /magic is "A\+2"/);
    await expectFault(() => readHeader(golden('bad_magic.nii')), 'not-nifti', /not a NIfTI file/);
    await expectFault(() => readHeader(golden('bad_empty.nii')), 'file-empty', /0 bytes/);
    for (const format of ['nifti1', 'nifti2'] as const) {
      writeFileSync(
        at('cut.nii'),
        niftiHeaderBytes({ shape: [1, 1, 1], datatype: 'uint8', format }).subarray(0, 300),
      );
      await expectFault(() => readHeader(at('cut.nii')), 'header-short', /300 bytes/);
    }
    mkdirSync(at('folder.nii'));
    await expectFault(() => readHeader(at('folder.nii')), 'file-not-regular', /not a regular file/);
    execFileSync('mkfifo', [at('pipe.nii')]);
    await expectFault(() => readHeader(at('pipe.nii')), 'file-not-regular', /not a regular file/);
    await expectFault(() => readHeader(at('none.nii')), 'file-missing', /no such file/);
  });

  it('tells the faults of the machine from those of the input', () => {
    const fault = (code: string) => storageFault(Object.assign(new Error(code), { code }), 'scan.nii');
    expect(fault('EACCES')).toMatchObject({ code: 'storage-denied', place: { file: 'scan.nii' } });
    expect(fault('ENOSPC')).toMatchObject({ code: 'storage-full' });
    expect(fault('EIO')).toMatchObject({ code: 'storage-failed' });
    for (const code of ['EACCES', 'ENOSPC', 'EIO']) expect(fault(code)).toBeInstanceOf(MachineError);
  });

  it('refuses the golden inputs that a header can tell', async () => {
    await expectFault(
      () => readHeader(golden('bad_short.nii')),
      'data-short',
      /need 210880, .* holds 209880/,
    );
    await expectFault(() => readHeader(golden('bad_dims_bomb.nii')), 'data-short', /need 131072000000352/);
    await expectFault(() => readHeader(golden('no_such_file.nii.gz')), 'file-missing', /no such file/);
  });

  it('reads every golden input that is whole', async () => {
    const { cases } = JSON.parse(readFileSync(golden('golden.json'), 'utf8')) as {
      cases: { prediction: string; reference: string }[];
    };
    for (const { prediction, reference } of cases) {
      const header = await readHeader(golden(prediction));
      expect((await readHeader(golden(reference))).shape).toEqual(header.shape);
    }
    const slope = new Float32Array([1 / 255])[0];
    expect(await readHeader(golden('prob_u8.nii'))).toMatchObject({ datatype: 'uint8', slope });
    expect(await readHeader(golden('prob_f64be.nii.gz'))).toMatchObject({
      datatype: 'float64',
      littleEndian: false,
    });
    expect(await readHeader(golden('logit_i16_n2.nii'))).toMatchObject({
      format: 'nifti2',
      slope: 1 / 256,
      intercept: -0.125,
    });
    expect(await readHeader(golden('softmax4.nii.gz'))).toMatchObject({ channels: 4 });
  });
});

describe('.hdr/.img pairs', () => {
  const layout = { shape: [4, 3, 2], datatype: 'uint8', pair: true } as const;
  const voxels = Buffer.from(arrays.uint8(24).buffer);

  for (const [hdr, img] of [
    ['a.hdr', 'a.img'],
    ['b.hdr.gz', 'b.img.gz'],
    ['c.hdr', 'c.img.gz'],
    ['d.hdr.gz', 'd.img'],
    ['E.HDR', 'E.IMG'],
  ] as const) {
    it(`reads ${hdr} and ${img} by either name`, async () => {
      const header = niftiHeaderBytes(layout);
      writeFileSync(at(hdr), hdr.endsWith('.gz') ? gzipSync(header) : header);
      writeFileSync(at(img), img.endsWith('.gz') ? gzipSync(voxels) : voxels);
      for (const named of [hdr, img]) {
        const read = await readHeader(at(named));
        expect(read).toMatchObject({ path: at(hdr), dataPath: at(img), dataOffset: 0 });
        expect(read.compressed).toBe(img.endsWith('.gz'));
      }
      rmSync(at(img));
      await expectFault(
        () => readHeader(at(hdr)),
        'partner-missing',
        new RegExp(`${img.replace(/\.gz$/, '')}`),
      );
      writeFileSync(at(img), img.endsWith('.gz') ? gzipSync(voxels) : voxels);
      rmSync(at(hdr));
      await expectFault(
        () => readHeader(at(img)),
        'partner-missing',
        new RegExp(`${hdr.replace(/\.gz$/, '')}`),
      );
    });
  }

  it('refuses an image that is too short', async () => {
    writeFileSync(at('s.hdr'), niftiHeaderBytes(layout));
    writeFileSync(at('s.img'), voxels.subarray(1));
    await expectFault(() => readHeader(at('s.hdr')), 'data-short', /s\.img: .*need 24, .* holds 23/);
  });
});
