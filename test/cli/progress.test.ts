import { Subject } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { showProgress } from '../../src/cli/progress.ts';
import {
  formatDuration,
  formatRate,
  fractionDone,
  progressLine,
  secondsLeft,
} from '../../src/cli/progress-line.ts';
import type { RunProgress } from '../../src/run/types.ts';
import { recorder } from './recorder.ts';

const nothing: RunProgress = {
  stage: 'score',
  casesTotal: 4,
  casesDone: 0,
  casesFailed: 0,
  tilesTotal: 0,
  tilesDone: 0,
  voxelsDone: 0,
  bytesRead: 0,
};
const half: RunProgress = {
  ...nothing,
  casesDone: 2,
  casesFailed: 1,
  tilesTotal: 30,
  tilesDone: 20,
  voxelsDone: 236e6,
  bytesRead: 1.08e9,
};
const start = { progress: nothing, seconds: 10 };
const now = { progress: half, seconds: 12 };

describe('numbers', () => {
  test.each([
    [0, '0:00'],
    [7.4, '0:07'],
    [59.6, '1:00'],
    [754, '12:34'],
    [11109, '3:05:09'],
    [undefined, '-'],
    [Number.POSITIVE_INFINITY, '-'],
  ])('%s seconds are %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  test.each([
    [118.4e6, '118 Mvoxel/s'],
    [54.04e6, '54.0 Mvoxel/s'],
    [5.4e6, '5.40 Mvoxel/s'],
    [0, '0.00 Mvoxel/s'],
    [Number.NaN, '- Mvoxel/s'],
  ])('%d a second is %s', (perSecond, text) => expect(formatRate(perSecond, 'Mvoxel/s')).toBe(text));

  test('tiles count within the cases, and never beyond the whole', () => {
    expect(fractionDone(nothing)).toBe(0);
    expect(fractionDone({ ...nothing, casesTotal: 0 })).toBe(0);
    expect(fractionDone({ ...nothing, casesTotal: 1, tilesTotal: 10, tilesDone: 3 })).toBe(0.3);
    expect(fractionDone({ ...nothing, tilesTotal: 10, tilesDone: 5 })).toBe(0.125);
    expect(fractionDone({ ...nothing, casesDone: 5 })).toBe(1);
  });

  test('the time left goes by the pace since the start', () => {
    expect(secondsLeft(start, now)).toBe(2);
    expect(secondsLeft(now, now)).toBeUndefined();
    const resumed = { progress: { ...nothing, casesDone: 1 }, seconds: 0 };
    expect(secondsLeft(resumed, { progress: half, seconds: 3 })).toBe(6);
    expect(secondsLeft(start, { progress: { ...half, casesDone: 4 }, seconds: 12 })).toBe(0);
  });
});

describe('the line', () => {
  test('has everything where there is room', () => {
    expect(progressLine(start, now, 200)).toBe(
      'score  [##########..........]  2/4 cases (1 failed)  20/30 tiles  118 Mvoxel/s  540 MB/s  ETA 0:02',
    );
  });

  test('never is longer than the screen, and keeps cases and time longest', () => {
    for (let width = 20; width < 110; width++)
      expect(progressLine(start, now, width).length).toBeLessThanOrEqual(width);
    expect(progressLine(start, now, 70)).toBe(
      'score  [##########..........]  2/4 cases (1 failed)  ETA 0:02',
    );
  });
});

describe('the display', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function playThousandUpdates(live: boolean): string {
    const { terminal, written } = recorder({ live });
    const updates = new Subject<RunProgress>();
    const display = showProgress(updates, terminal);
    for (let i = 0; i < 1000; i++) {
      updates.next({ ...half, note: i < 500 ? 'scores: logit' : 'case \u001b[2J failed' });
      vi.advanceTimersByTime(10);
    }
    display.stop();
    return written.error;
  }

  test('redraws one line at most 10 times a second on a screen', () => {
    const text = playThousandUpdates(true);
    const drawn = text.split('\r\u001b[K').filter((line) => line.startsWith('score '));
    expect(drawn.length).toBeGreaterThan(50);
    expect(drawn.length).toBeLessThanOrEqual(101);
    expect(drawn.join('')).not.toContain('\n');
    expect(text.endsWith('\r\u001b[K')).toBe(true);
  });

  test('writes a plain line every few seconds elsewhere', () => {
    const lines = playThousandUpdates(false).split('\n');
    expect(lines.filter((line) => line.startsWith('score ')).length).toBeLessThanOrEqual(3);
    for (const character of ['\r', '\u001b']) expect(lines.join('')).not.toContain(character);
  });

  test('says each note once, without what could steer the terminal', () => {
    const lines = playThousandUpdates(false).split('\n');
    expect(lines.filter((line) => line === 'scores: logit')).toHaveLength(1);
    expect(lines.filter((line) => line === 'case \u{fffd}[2J failed')).toHaveLength(1);
  });

  test('a failing run ends the display without a fault of its own', () => {
    const { terminal, written } = recorder();
    const updates = new Subject<RunProgress>();
    const display = showProgress(updates, terminal);
    updates.next(half);
    updates.error(new Error('disk full'));
    display.stop();
    expect(written.error).not.toContain('disk full');
  });
});
