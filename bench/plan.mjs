// Forecast of a run of 10^12 voxels in 10,000 cases on 8 machines of 16 cores, from parts that are measured here.
//
// It is a bound for each resource (what it must do, divided by how fast it does that): a run takes at least as long as
// its busiest resource. What was not measured here but assumed is printed as such.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { scoreArguments, writeManifest } from './command.mjs';
import { measure } from './processor.mjs';
import { makePair } from './volumes.mjs';

const voxels = 1e12;
const cases = 1e4;
const machines = 8;
const coresPerMachine = 16;
/** Assumed: tiles of a queue job, a network of 10 Gbit/s to a shared disk of 2 GB/s, and jobs that one Redis serves. */
const voxelsPerJob = 2 ** 24;
const networkBytesPerSecond = 1.25e9;
const diskBytesPerSecond = 2e9;
const jobsPerSecond = 1500;
const bytesPerVoxel = 5;

/** Processor seconds a voxel of scoring and of pooling, seconds of a start, and shard bytes a voxel. */
export async function measureParts(folder, cli) {
  const run = async (count, losses) => {
    const pairs = [];
    for (let i = 0; i < count; i++) pairs.push(await makePair(folder, 192, i + 1));
    const manifest = writeManifest(join(folder, 'plan.csv'), pairs);
    const out = join(folder, 'plan-out');
    // Sums alone need no shards.
    const keep = losses === 'all' ? 'always' : 'never';
    const { processorSeconds } = await measure(
      process.execPath,
      scoreArguments({ cli, manifest, out, losses, keep }),
    );
    const shards = join(out, 'work', 'shards');
    const stored = keep === 'always' ? readdirSync(shards) : [];
    const bytes = stored.reduce((sum, name) => sum + statSync(join(shards, name)).size, 0);
    return { processorSeconds, bytes };
  };
  const caseVoxels = 192 ** 3;
  await run(1, 'dice');
  const dice = await run(1, 'dice');
  const one = await run(1, 'all');
  const four = await run(4, 'all');
  const perCase = (four.processorSeconds - one.processorSeconds) / 3;
  const diceOfFour = await run(4, 'dice');
  const sums = (diceOfFour.processorSeconds - dice.processorSeconds) / 3;
  return {
    sumsPerVoxel: sums / caseVoxels,
    allPerVoxel: perCase / caseVoxels,
    shardBytesPerVoxel: four.bytes / (4 * caseVoxels),
  };
}

export function printPlan({ sumsPerVoxel, allPerVoxel, shardBytesPerVoxel }) {
  const cores = machines * coresPerMachine;
  console.log(
    `${voxels.toExponential(0)} voxels in ${cases} cases, ${machines} machines of ${coresPerMachine} cores`,
  );
  console.log('measured here, of 192³ pairs:');
  console.log(
    `  sums only ${(1e9 * sumsPerVoxel).toFixed(1)} ns a voxel, all losses ${(1e9 * allPerVoxel).toFixed(1)} ns (pool and curves among them)`,
  );
  console.log(`  shards ${shardBytesPerVoxel.toFixed(2)} bytes a voxel`);
  console.log(
    `assumed: ${voxelsPerJob} voxels a job, ${jobsPerSecond} jobs a second, network ${networkBytesPerSecond / 1e9} GB/s a machine, shared disk ${diskBytesPerSecond / 1e9} GB/s, ${bytesPerVoxel} bytes a voxel`,
  );
  for (const [title, perVoxel, shards] of [
    ['sums only', sumsPerVoxel, 0],
    ['all losses', allPerVoxel, shardBytesPerVoxel],
  ]) {
    // Shards are written by tiles, read and written by their case, and read, written and read by the pool.
    const stored = voxels * (bytesPerVoxel + 6 * shards);
    const hours = {
      processors: (voxels * perVoxel) / cores / 3600,
      network: stored / (machines * networkBytesPerSecond) / 3600,
      'shared disk': stored / diskBytesPerSecond / 3600,
      queue: (voxels / voxelsPerJob + 2 * cases) / jobsPerSecond / 3600,
    };
    const ranked = Object.entries(hours).sort(([, a], [, b]) => b - a);
    console.log(`${title}:`);
    for (const [name, busy] of ranked) console.log(`  ${name.padEnd(12)} busy ${busy.toFixed(2)} hours`);
    const [first, second] = ranked;
    console.log(
      `  breaks first: ${first[0]}, ${(first[1] / second[1]).toFixed(1)} times before ${second[0]}`,
    );
    if (shards > 0) {
      console.log(
        `  room on the shared disk: ${((2 * voxels * shards) / 1e12).toFixed(1)} TB for shards of cases and pool`,
      );
    }
  }
}
