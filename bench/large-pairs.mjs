// Rows about one large pair: time of whole processes, two things in turn.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scoreArguments, writeManifest } from './command.mjs';
import { hasPytorch } from './peers.mjs';
import { measure, median, peak, ratioText } from './processor.mjs';
import { compressPair, makePair } from './volumes.mjs';

const pytorchScript = fileURLToPath(new URL('pytorch-losses.py', import.meta.url));
const inflateScript = fileURLToPath(new URL('inflate.mjs', import.meta.url));

const overlap = 'dice,jaccard,tversky';
const sums = `${overlap},focal-tversky,bce,bce-dice,focal,combo`;

export const largePairRows = { losses, lovasz, cat, gzip, memory };

const faster = (ours, theirs) => theirs / ours;
const longer = (ours, theirs) => ours / theirs;

async function losses(bench) {
  const pair = await largePair(bench);
  const pytorch = (what) => hasPytorch(bench.python) && ['PyTorch', () => runPytorch(bench, pair, what)];
  for (const [list, what, title] of [
    [sums, 'sums', 'every loss but Lovász, times faster'],
    ['all', 'all', 'all losses, times faster (goal 25)'],
  ]) {
    await compare(bench, `${pair.name}, ${title}`, () => score(bench, pair, list), pytorch(what), faster);
  }
}

/** What Lovász adds to the sums, against the sort alone, which is timed inside Python, without reading. */
async function lovasz(bench) {
  const pair = await largePair(bench);
  const part = async () => {
    const without = await score(bench, pair, sums);
    const all = await score(bench, pair, 'all');
    return {
      ...all,
      seconds: all.seconds - without.seconds,
      processorSeconds: all.processorSeconds - without.processorSeconds,
    };
  };
  const sort = async () => {
    const { output, peakMb } = await runPytorch(bench, pair, 'sort');
    const { seconds, processorSeconds } = JSON.parse(output);
    return { seconds: seconds.sort, processorSeconds: processorSeconds.sort, peakMb };
  };
  const title = `${pair.name}, Lovász part alone against torch.sort, times faster (goal 22)`;
  await compare(bench, title, part, hasPytorch(bench.python) && ['torch.sort', sort], faster);
}

async function cat(bench) {
  const pair = await largePair(bench);
  // What `measure` collects is text: the volumes go to the shell's own redirection.
  const files = [pair.prediction, pair.reference];
  const reading = ['cat', () => measure('sh', ['-c', 'exec cat "$@" > /dev/null', 'cat', ...files])];
  for (const [list, title] of [
    [overlap, 'Dice, Jaccard, Tversky, times as long as cat (goal 4.5)'],
    [sums, 'every loss but Lovász, times as long as cat (goal 7.5)'],
  ]) {
    await compare(bench, `${pair.name}, ${title}`, () => score(bench, pair, list), reading, longer);
  }
}

async function gzip(bench) {
  const { prediction, reference } = await compressPair(await largePair(bench));
  const inflating = ['inflating', () => measure(process.execPath, [inflateScript, prediction, reference])];
  for (const [list, title] of [
    [overlap, 'sums only, times as long as inflating both at once (goal 1.12)'],
    [sums, 'every loss but Lovász, times as long as inflating both at once'],
  ]) {
    const ours = () => score(bench, { prediction, reference }, list);
    await compare(bench, `${bench.size}³ gzip, ${title}`, ours, inflating, longer);
  }
}

async function memory(bench) {
  const small = await score(bench, await largePair(bench), 'all');
  const big = await score(bench, await makePair(bench.folder, 2 * bench.size), 'all');
  console.log(
    `peak memory, all losses (goal: the same): ${bench.size}³ ${small.peakMb.toFixed(0)} MB in ${small.seconds.toFixed(1)} s, ${2 * bench.size}³ ${big.peakMb.toFixed(0)} MB in ${big.seconds.toFixed(1)} s, ratio ${(big.peakMb / small.peakMb).toFixed(2)}`,
  );
}

async function largePair({ folder, size }) {
  return { ...(await makePair(folder, size)), name: `${size}³ raw` };
}

function score({ folder, cli }, pair, list) {
  const manifest = writeManifest(join(folder, 'large-pair.csv'), [pair]);
  const out = join(folder, 'large-pair-out');
  return measure(process.execPath, scoreArguments({ cli, manifest, out, losses: list, keep: 'never' }));
}

function runPytorch({ python }, { prediction, reference }, what) {
  return measure(python, [pytorchScript, prediction, reference, what]);
}

/** Runs both in turn, after a warm-up; prints medians and the ratios pair by pair. Without `theirs` our own figures alone. */
async function compare({ runs }, title, ours, theirs, ratioOf) {
  await ours();
  const found = [];
  for (let i = 0; i < runs; i++) found.push([await ours(), theirs && (await theirs[1]())]);
  const figures = (side) => {
    const all = found.map((pair) => pair[side]);
    const medianOf = (field) => median(all.map((one) => one[field])).toFixed(2);
    return `${medianOf('seconds')} s, ${medianOf('processorSeconds')} of the processor, peak ${peak(all)} MB`;
  };
  if (!theirs) return console.log(`${title}: voxtally ${figures(0)}`);
  const ratios = (field) => ratioText(found.map(([a, b]) => ratioOf(a[field], b[field])));
  console.log(
    `${title}: ${ratios('seconds')}, of processor time ${ratios('processorSeconds')}\n  voxtally ${figures(0)}; ${theirs[0]} ${figures(1)}`,
  );
}
