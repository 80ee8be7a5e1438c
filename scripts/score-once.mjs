// Scores a made-up case with the program that was built, which then keeps beside itself what Node has compiled of it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeNifti } from '../dist/src/volumes/nifti/write.js';

const folder = mkdtempSync(join(tmpdir(), 'voxtally-build-'));
try {
  const shape = [16, 16, 16];
  const scores = Float32Array.from({ length: 16 ** 3 }, (_, i) => ((i * 7919) % 4096) / 4095);
  const labels = Uint8Array.from(scores, (score) => (score > 0.4 ? 1 : 0));
  await writeNifti(join(folder, 'scores.nii.gz'), { shape, datatype: 'float32', data: scores, gzip: true });
  await writeNifti(join(folder, 'labels.nii'), { shape, datatype: 'uint8', data: labels });
  const manifest = join(folder, 'cases.csv');
  writeFileSync(manifest, 'case,prediction,reference\none,scores.nii.gz,labels.nii\n');
  const args = ['score', '--manifest', manifest, '--scores', 'probability', '--quiet'];
  execFileSync(process.execPath, [resolve('dist/bin/main.js'), ...args, '--out', join(folder, 'out')]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
