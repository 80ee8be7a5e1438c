import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MachineError } from '../../src/base/errors.ts';
import { readHeader } from '../../src/volumes/formats.ts';
import { writeNifti } from '../../src/volumes/nifti/write.ts';
import { openRaw } from '../../src/volumes/raw-source.ts';
import { stageRaw } from '../../src/volumes/stage.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { expectFault } from './nifti/faults.ts';

const at = temporaryFolder();
const data = Int16Array.from({ length: 6 * 5 * 4 * 2 }, (_, i) => i * 11 - 900);
const volume = { shape: [6, 5, 4], channels: 2, datatype: 'int16', data, littleEndian: false } as const;

function folder(name: string): string {
  mkdirSync(at(name));
  return at(`${name}/staged.raw`);
}

describe('stageRaw', () => {
  it('leaves one file of nothing but voxels, readable by position', async () => {
    await writeNifti(at('scan.nii.gz'), { ...volume, gzip: 'members', slope: 0.5 });
    const header = await readHeader(at('scan.nii.gz'));
    const target = folder('good');
    const staged = await stageRaw(header, target);
    expect(staged).toEqual({ ...header, dataPath: target, dataOffset: 0, compressed: false, fileBytes: 480 });
    expect(readdirSync(dirname(target))).toEqual(['staged.raw']);
    const voxel = new Uint8Array(2);
    const source = openRaw(staged);
    source.readBox(1, { origin: [5, 4, 3], shape: [1, 1, 1] }, voxel);
    source.close();
    expect(Buffer.from(voxel).readInt16BE()).toBe(239 * 11 - 900);
  });

  it('leaves nothing behind for a damaged volume', async () => {
    await writeNifti(at('scan.nii.gz'), { ...volume, gzip: true });
    const header = await readHeader(at('scan.nii.gz'));
    const bytes = readFileSync(at('scan.nii.gz'));
    bytes[bytes.length - 8]! ^= 1;
    writeFileSync(at('scan.nii.gz'), bytes);
    const target = folder('damaged');
    await expectFault(() => stageRaw(header, target), 'gzip-checksum', /checksum/);
    expect(readdirSync(dirname(target))).toEqual([]);
  });

  it('leaves nothing behind when it is aborted', async () => {
    await writeNifti(at('scan.nii.gz'), { ...volume, gzip: true });
    const header = await readHeader(at('scan.nii.gz'));
    const target = folder('aborted');
    const controller = new AbortController();
    const staging = stageRaw(header, target, controller.signal);
    controller.abort(new Error('shut down'));
    await expect(staging).rejects.toThrow('shut down');
    expect(readdirSync(dirname(target))).toEqual([]);
  });

  it('blames the machine for a folder that cannot be written', async () => {
    await writeNifti(at('scan.nii.gz'), { ...volume, gzip: true });
    const header = await readHeader(at('scan.nii.gz'));
    const failure = await stageRaw(header, at('no-folder/staged.raw')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MachineError);
    expect(failure).toMatchObject({ place: { file: at('no-folder/staged.raw') } });
  });
});
