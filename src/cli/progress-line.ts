import type { RunProgress } from '../run/types.ts';

/** A snapshot and when it was taken, in seconds. */
export interface TimedProgress {
  readonly progress: RunProgress;
  readonly seconds: number;
}

const barCells = 20;

/**
 * One line on a run: bar, cases, tiles, speed and time left, at most `width` columns.
 * Speeds and the time left are of the time since `start`, so that what a resumed run found done does not count.
 */
export function progressLine(start: TimedProgress, now: TimedProgress, width: number): string {
  const { progress } = now;
  const elapsed = now.seconds - start.seconds;
  const failed = progress.casesFailed === 0 ? '' : ` (${progress.casesFailed} failed)`;
  const parts = [
    `${progress.stage.padEnd(6)} [${bar(fractionDone(progress))}]`,
    `${progress.casesDone}/${progress.casesTotal} cases${failed}`,
    `${progress.tilesDone}/${progress.tilesTotal} tiles`,
    formatRate((progress.voxelsDone - start.progress.voxelsDone) / elapsed, 'Mvoxel/s'),
    formatRate((progress.bytesRead - start.progress.bytesRead) / elapsed, 'MB/s'),
    `ETA ${formatDuration(secondsLeft(start, now))}`,
  ];
  // What matters least goes first where the line is too long.
  while (parts.length > 1 && parts.join('  ').length > width) parts.splice(parts.length - 2, 1);
  return parts.join('  ').slice(0, width);
}

/**
 * Share of the run that is done, from 0 to 1. Tiles of later cases are not known yet, so tiles count within
 * the cases that they belong to.
 */
export function fractionDone({ casesDone, casesTotal, tilesDone, tilesTotal }: RunProgress): number {
  if (casesTotal === 0) return 0;
  const tiles = tilesTotal === 0 ? 0 : tilesDone / tilesTotal;
  return Math.min(1, Math.max(casesDone, tiles) / casesTotal);
}

/** Seconds that the rest takes at the pace since `start`; undefined while there is no pace. */
export function secondsLeft(start: TimedProgress, now: TimedProgress): number | undefined {
  const before = fractionDone(start.progress);
  const done = fractionDone(now.progress);
  const elapsed = now.seconds - start.seconds;
  if (done >= 1) return 0;
  return done > before && elapsed > 0 ? (elapsed * (1 - done)) / (done - before) : undefined;
}

/** Millions a second, three digits: `118 Mvoxel/s`, `5.40 MB/s`; `-` where there is no rate. */
export function formatRate(perSecond: number, unit: 'Mvoxel/s' | 'MB/s'): string {
  const millions = perSecond / 1e6;
  if (!Number.isFinite(millions)) return `- ${unit}`;
  const decimals = millions >= 100 ? 0 : millions >= 10 ? 1 : 2;
  return `${millions.toFixed(decimals)} ${unit}`;
}

/** `0:07`, `12:34`, `3:05:09`; `-` where unknown. */
export function formatDuration(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds)) return '-';
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function bar(fraction: number): string {
  const full = Math.floor(fraction * barCells);
  return '#'.repeat(full).padEnd(barCells, '.');
}
