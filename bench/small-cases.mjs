// Rows about many small and middling cases, in processor seconds.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scoreArguments, writeManifest } from './command.mjs';
import { measure, median, ratioText, shares } from './processor.mjs';
import { compressPair, makePair } from './volumes.mjs';

const smallShape = [96, 96, 64];
const smallVoxels = 96 * 96 * 64;
/** Pairs that differ; more cases than these use them again. */
const distinct = 100;

/** `rows`: of start, small, voxel, many. `python`: interpreter and script of the comparison with PyTorch, or null. */
export async function caseRows({ folder, cli, rows, runs, size, many, python }) {
  const out = join(folder, 'cases-out');
  const score = (manifest, losses, keep = 'always') =>
    measure(process.execPath, scoreArguments({ cli, manifest, out, losses, keep }));
  const manifest = (name, pairs) => {
    mkdirSync(folder, { recursive: true });
    return writeManifest(join(folder, `${name}.csv`), pairs);
  };
  const smallPairs = async (count, gzip) => {
    const pairs = [];
    for (let i = 0; i < Math.min(count, distinct); i++) {
      const pair = await makePair(join(folder, 'small'), smallShape, i + 1);
      pairs.push(gzip ? await compressPair(pair) : pair);
    }
    return Array.from({ length: count }, (_, i) => pairs[i % pairs.length]);
  };
  /** Of the run that was last. */
  const threads = () =>
    `  threads ${shares(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')).threadSeconds)}`;
  const repeated = async (once) => {
    await once();
    const found = [];
    for (let i = 0; i < runs; i++) found.push(await once());
    return found;
  };

  if (rows.includes('start')) {
    const one = manifest('one', [await makePair(join(folder, 'small'), [16, 16, 16])]);
    for (const [losses, goal] of [
      ['dice', 0.18],
      ['all', 0.3],
    ]) {
      const found = await repeated(() => score(one, losses));
      const seconds = median(found.map(({ processorSeconds }) => processorSeconds));
      console.log(
        `one tiny case, losses ${losses}: ${seconds.toFixed(2)} processor seconds (goal ${goal.toFixed(2)}), peak ${peak(found)} MB`,
      );
    }
  }
  if (rows.includes('small')) {
    for (const gzip of [false, true]) {
      const cases = manifest(gzip ? 'small-gzip' : 'small', await smallPairs(100, gzip));
      const found = await repeated(() => score(cases, 'all'));
      const seconds = median(found.map(({ processorSeconds }) => processorSeconds));
      const title = `100 ${gzip ? 'gzipped' : 'raw'} pairs of ${smallShape.join('x')}, all losses, shards kept`;
      console.log(
        `${title}: ${seconds.toFixed(2)} processor seconds, ${(10 * seconds).toFixed(1)} ms a case, peak ${peak(found)} MB`,
      );
      console.log(threads());
      if (python === null) continue;
      const [interpreter, script] = python;
      const torch = await repeated(() => measure(interpreter, [script, '--manifest', cases, 'all']));
      const theirs = median(torch.map(({ processorSeconds }) => processorSeconds));
      console.log(
        `  PyTorch ${theirs.toFixed(2)}, peak ${peak(torch)} MB, times less: ${(theirs / seconds).toFixed(2)} (goal ${gzip ? 4 : 8})`,
      );
    }
  }
  if (rows.includes('voxel')) {
    const pairs = [];
    for (let i = 0; i < 20; i++) pairs.push(await makePair(join(folder, 'middling'), 192, 1 + (i % 5)));
    const middling = manifest('middling', pairs);
    const large = manifest('large', [await makePair(folder, size)]);
    const ratios = [];
    const found = [];
    for (let i = 0; i < runs; i++) {
      const b = await score(large, 'all');
      const a = await score(middling, 'all');
      found.push(a, b);
      ratios.push(a.processorSeconds / (20 * 192 ** 3) / (b.processorSeconds / size ** 3));
    }
    console.log(
      `20 raw pairs of 192³ against one of ${size}³, processor time a voxel (goal 1.15): ${ratioText(ratios)}; peak ${peak(found)} MB`,
    );
    console.log(threads());
  }
  if (rows.includes('many')) {
    const rate = async (count) => {
      const found = await score(manifest(`many-${count}`, await smallPairs(count, true)), 'all', 'never');
      return { perSecond: count / found.seconds, peakMb: found.peakMb };
    };
    const [few, all] = [await rate(100), await rate(many)];
    console.log(
      `${many} gzipped pairs, all losses: cases a second against 100 of them ${(all.perSecond / few.perSecond).toFixed(2)} (goal 0.95); peak memory (goal 350) ${few.peakMb.toFixed(0)} MB at 100, ${all.peakMb.toFixed(0)} MB at ${many} (${smallVoxels} voxels each)`,
    );
    console.log(threads());
  }
}

const peak = (found) => Math.max(...found.map(({ peakMb }) => peakMb)).toFixed(0);
