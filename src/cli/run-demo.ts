import { join } from 'node:path';
import { readManifest } from '../cases/read-manifest.ts';
import { loadConfig } from '../settings/load-config.ts';
import { brokenCase, emptyCase, writeHospital } from './demo/hospital.ts';
import { executeRun } from './execute-run.ts';
import { interruptedStatus } from './interrupt.ts';
import { prepareOutDir } from './out-dir.ts';
import type { Terminal } from './terminal.ts';

/**
 * `voxtally demo`: makes up a small hospital and scores it. One case fails on purpose, which is a success here:
 * the status is 0 when that case alone has no score.
 */
export async function runDemo(folder: string, quiet: boolean, terminal: Terminal): Promise<number> {
  const outDir = join(folder, 'results');
  const config = loadConfig({
    flags: { classes: 'tumour=1', scores: 'probability', tile: { shape: '32,32,32' }, out: outDir },
  });
  const manifest = await writeHospital(folder);
  const out = prepareOutDir(outDir, { resume: false, overwrite: true });
  const say = (text: string) => {
    if (!quiet) terminal.out(`${text}\n`);
  };
  say(`A made-up hospital of two sites is in ${folder}/. It is scored as by
  voxtally score --manifest ${manifest} --classes tumour=1 --scores probability --tile 32,32,32 --out ${outDir} --overwrite
`);
  const cases = readManifest(manifest);
  const request = { cases, config, outDir, out, resume: false, warnings: [] };
  const report = await executeRun(request, terminal, { json: false, quiet }).finally(() => out.release());
  if (report === undefined) return interruptedStatus;
  const unscored = report.results.cases.filter(({ status }) => status !== 'ok').map(({ id }) => id);
  if (unscored.join() !== brokenCase) return report.exitStatus || 1;
  say(`
${emptyCase} has no tumour, so some of its values are undefined: they are counted, and left out of the means.
${brokenCase} failed on purpose: its prediction was cut off. The others were scored all the same.`);
  return 0;
}
