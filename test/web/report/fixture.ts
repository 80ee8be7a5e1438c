/** Made-up results of many cases, with names that are markup, written as a run leaves them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CaseOutcome } from '../../../src/base/scored.ts';
import { randomNumbers } from '../../../src/cli/demo/random.ts';
import { parseLosses } from '../../../src/losses/registry.ts';
import { buildResults } from '../../../src/results/build.ts';
import type { ResultsDocument } from '../../../src/results/document.ts';
import { resultsJson } from '../../../src/results/json.ts';
import { multiclassOf } from '../../losses/oracle.ts';

export const markupCase = '<img src=x onerror="document.title=1"></script><script>document.title=2</script>';
export const markupClass = '<b>core</b> & "rim"';
export const markupGroup = "<i>site</i> 'C'";

const voxels = 24;
const groups = ['site A', 'site B', markupGroup];
const classNames = ['background', 'oedema', markupClass];

/** Competing classes; case 3 has an empty reference of class 1, case 5 misses it, and every 50th case has failed. */
export function madeUpResults(cases: number, classes = 3): ResultsDocument {
  const random = randomNumbers(7);
  const names = Array.from({ length: classes }, (_, at) => classNames[at] ?? `organ ${at}`);
  const volume = (index: number) => {
    const quality = 0.35 + 0.6 * random();
    const labels = Array.from({ length: voxels }, (_, i) =>
      index === 3 && i % classes === 1 ? 0 : i % classes,
    );
    const channels = names.map((_, channel) =>
      labels.map((label) => (label === channel ? quality : (1 - quality) / (classes - 1)) * (0.5 + random())),
    );
    if (index === 3) channels[1]!.fill(5);
    if (index === 5) channels[1]!.fill(0.001);
    for (let voxel = 0; voxel < voxels; voxel++) {
      const sum = channels.reduce((total, channel) => total + channel[voxel]!, 0);
      for (const channel of channels) channel[voxel]! /= sum;
    }
    // The pool takes one voxel of the first class for the second.
    if (index < 0) [channels[0]![0], channels[1]![0]] = [channels[1]![0]!, channels[0]![0]!];
    return multiclassOf(channels, labels, [...names.keys()]);
  };
  const named = (measured: ReturnType<typeof volume>) => ({
    classes: Object.fromEntries(names.map((name, at) => [name, measured.classes[String(at)]!])),
    multiclass: measured.multiclass,
  });
  const entries = Array.from({ length: cases }, (_, index): CaseOutcome => {
    const id = index === 7 ? markupCase : `case-${String(index).padStart(5, '0')}`;
    const identity = { id, group: groups[index % groups.length]! };
    if (index % 50 === 49) {
      const error = {
        code: 'nan',
        message: `case ${id}: prediction holds <NaN> at voxel [1, 2, 3]`,
        field: 'data',
      };
      return { ...identity, status: 'failed', error };
    }
    return {
      ...identity,
      status: 'ok',
      shape: [4, 3, 2],
      spacingMm: [1, 1, 2],
      voxelMm3: 2,
      predictionFile: 'p.nii',
      referenceFile: 'r.nii',
      ...named(volume(index)),
    };
  });
  const run = {
    scores: 'probability',
    channels: 'exclusive',
    classes: names.map((name, at) => ({ name, labels: [at] })),
    cases: entries,
    pooled: named(volume(-1)),
  } as const;
  const { scores, channels } = run;
  return buildResults(run, parseLosses('all', { convention: 'pytorch', scores, channels }), {
    convention: 'pytorch',
  });
}

/** A folder of results without a run's state, as one whose `work` folder was removed. */
export function writeResultsFolder(outDir: string, document: ResultsDocument): void {
  mkdirSync(outDir, { recursive: true });
  writeFileSync(join(outDir, 'results.json'), [...resultsJson(document)].join(''));
  const settings = { threshold: 0.5, note: '</pre><script>document.title=3</script>' };
  writeFileSync(
    join(outDir, 'run.json'),
    JSON.stringify({ voxtally: '0.1.0', startedAt: '2025-03-01T20:15:00.000Z', seconds: 61, settings }),
  );
}
