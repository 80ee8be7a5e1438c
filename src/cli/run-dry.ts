/** `score --dry-run`: the pairs, kinds, grids and memory of all cases, and those that would fail. */
import { formatSize } from '../base/size.ts';
import type { ManifestCase } from '../cases/types.ts';
import { layOut } from '../results/layout.ts';
import { type DryCase, type DryRun, dryRun } from '../run/dry-run.ts';
import type { Config } from '../settings/schema.ts';
import { plainText } from './plain-text.ts';
import type { Terminal } from './terminal.ts';

interface DryDisplay {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Status as of the run: 1 when some cases would fail, 2 when all would. */
export async function runDry(
  cases: readonly ManifestCase[],
  config: Config,
  warnings: readonly string[],
  { json, quiet }: DryDisplay,
  terminal: Terminal,
): Promise<number> {
  if (!quiet) for (const warning of warnings) terminal.error(`warning: ${plainText(warning)}\n`);
  const showDone = (done: number) => {
    if (terminal.live && !quiet) terminal.error(`\rlooked at ${done} of ${cases.length} cases`);
  };
  const found = await dryRun(config, cases, showDone);
  if (terminal.live && !quiet) terminal.error('\r\x1b[K');
  if (json) terminal.out(`${JSON.stringify({ ...found, warnings })}\n`);
  else for (const line of dryLines(found, terminal.width)) terminal.out(`${line}\n`);
  const failing = found.cases.filter(({ error }) => error !== null).length;
  return failing === 0 ? 0 : failing === cases.length ? 2 : 1;
}

function dryLines(found: DryRun, width: number): string[] {
  const { cases, notes, threads, threadMemoryBytes } = found;
  const failing = cases.filter(({ error }) => error !== null);
  const volumes = cases.flatMap(({ volume }) => volume ?? []);
  const sum = (of: (volume: (typeof volumes)[number]) => number) =>
    volumes.reduce((total, volume) => total + of(volume), 0);
  const largest = Math.max(0, ...volumes.map(({ threadBytes }) => threadBytes));
  return [
    ...notes.map(plainText),
    `${cases.length - failing.length} of ${cases.length} cases would be scored as ${found.scores}, ${found.channels} channels`,
    `${sum(({ tiles }) => tiles)} tiles, ${formatSize(sum(({ bytes }) => bytes))} to read; ${threads} threads, a tile takes up to ${formatSize(largest)} of the ${formatSize(threadMemoryBytes)} that a thread may have`,
    '',
    ...layOut(
      [['case', 'prediction', 'reference', 'holds', 'voxels', 'mm', 'read as', 'memory'], ...cases.map(row)],
      width,
    ),
    ...(failing.length === 0 ? [] : ['', `${failing.length} would fail`]),
    ...failing.map(({ error }) => plainText(error!.message)),
    '',
    'Nothing was scored. Damage inside a file shows only when all of it is read.',
  ];
}

function row({ id, predictions, reference, volume, error }: DryCase): string[] {
  const files =
    predictions.length > 1 ? `${predictions[0]} and ${predictions.length - 1} more` : predictions[0];
  const facts = volume
    ? [
        `${volume.channels === 1 ? '' : `${volume.channels} x `}${volume.stored}${volume.scores === null ? '' : `, ${volume.scores}`}`,
        volume.shape.join(' x '),
        volume.spacingMm.map((mm) => Number(mm.toPrecision(4))).join(' x '),
        `${volume.mode}, ${volume.tiles} ${volume.tiles === 1 ? 'tile' : 'tiles'}`,
        formatSize(volume.threadBytes),
      ]
    : ['', '', '', '', ''];
  return [error === null ? id : `${id} (would fail)`, files ?? 'none', reference, ...facts];
}
