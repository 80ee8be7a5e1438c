import { asyncScheduler, type Observable, throttleTime } from 'rxjs';
import { clockMs } from '../base/clock.ts';
import type { RunProgress } from '../run/types.ts';
import { plainText } from './plain-text.ts';
import { progressLine, type TimedProgress } from './progress-line.ts';
import type { Terminal } from './terminal.ts';

/** Redrawing at most 10 times a second on a screen; a line every few seconds elsewhere. */
const redrawMs = 100;
const lineMs = 5000;

export interface ProgressDisplay {
  /** Prints a line above the bar. */
  say(text: string): void;
  /** Ends the display and leaves a clean line. */
  stop(): void;
}

/** Shows a run on `terminal.error`: one redrawn line on a screen, plain lines otherwise; its notes once each. */
export function showProgress(updates: Observable<RunProgress>, terminal: Terminal): ProgressDisplay {
  const clearLine = terminal.live ? '\r\x1b[K' : '';
  const said = new Set<string>();
  let start: TimedProgress | undefined;

  const say = (text: string) => {
    if (said.has(text)) return;
    said.add(text);
    terminal.error(`${clearLine}${plainText(text)}\n`);
  };
  const draw = (progress: RunProgress) => {
    const now = { progress, seconds: clockMs() / 1000 };
    start ??= now;
    // One column stays free: a full line would wrap and could not be redrawn.
    const line = progressLine(start, now, (terminal.errorWidth ?? terminal.width) - 1);
    terminal.error(terminal.live ? `${clearLine}${line}` : `${line}\n`);
  };

  // A failure of the run is reported through its promise.
  const ignore = () => {};
  const notes = updates.subscribe({
    next: ({ note }) => {
      if (note !== undefined) say(note);
    },
    error: ignore,
  });
  const every = terminal.live ? redrawMs : lineMs;
  const lines = updates
    .pipe(throttleTime(every, asyncScheduler, { leading: terminal.live, trailing: true }))
    .subscribe({ next: draw, error: ignore });
  return {
    say,
    stop: () => {
      notes.unsubscribe();
      lines.unsubscribe();
      if (start !== undefined) terminal.error(clearLine);
    },
  };
}

/** Shows nothing but what is said to it. */
export function quietDisplay(): ProgressDisplay {
  return { say: () => {}, stop: () => {} };
}
