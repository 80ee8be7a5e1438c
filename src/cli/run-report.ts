import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { writeText } from '../base/write-whole.ts';
import { gatherRuns } from '../web/report/compare-runs.ts';
import { renderComparison } from '../web/report/render-comparison.ts';
import { writeReport } from '../web/report/write-report.ts';
import { plainText } from './plain-text.ts';
import type { Terminal } from './terminal.ts';
import { viewerOf } from './viewer-address.ts';

export interface ReportFlags {
  readonly open?: boolean;
  readonly out?: string;
  readonly viewerUrl?: string;
}

/** `voxtally report`: prints where the file is. Several runs are compared. */
export async function runReport(
  results: readonly string[],
  { open, out, viewerUrl }: ReportFlags,
  terminal: Terminal,
): Promise<number> {
  if (results.length === 1 && out !== undefined) {
    throw new UsageError(
      'report-out',
      '--out is for a comparison of several runs; the report of one run is in its own folder',
      { field: 'out' },
    );
  }
  const viewer = viewerUrl === undefined ? undefined : viewerOf(viewerUrl);
  const path =
    results.length === 1
      ? await writeReport(results[0]!, viewer === undefined ? {} : { viewer })
      : writeComparison(results, out);
  terminal.out(`${path}\n`);
  if (open && !(await openFile(resolve(path)))) {
    terminal.error(`voxtally: no browser could be started; open ${plainText(resolve(path))}\n`);
  }
  return 0;
}

function writeComparison(results: readonly string[], out = 'comparison.html'): string {
  writeText(out, renderComparison(gatherRuns(results)));
  return out;
}

const openers: Partial<Record<NodeJS.Platform, readonly [command: string, ...args: string[]]>> = {
  darwin: ['open'],
  win32: ['explorer.exe'],
};

/** Hands a file to the desktop; false where there is none. No shell reads its name. */
function openFile(file: string): Promise<boolean> {
  const [command, ...args] = openers[process.platform] ?? ['xdg-open'];
  return new Promise((done) => {
    const opener = spawn(command, [...args, file], { detached: true, stdio: 'ignore' });
    opener.once('error', () => done(false));
    opener.once('spawn', () => {
      opener.unref();
      done(true);
    });
  });
}
