import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { writeReport } from '../web/report/write-report.ts';
import { plainText } from './plain-text.ts';
import type { Terminal } from './terminal.ts';

/** `voxtally report`: prints where the file is. */
export async function runReport(results: string, open: boolean, terminal: Terminal): Promise<number> {
  const path = await writeReport(results);
  terminal.out(`${path}\n`);
  if (open && !(await openFile(resolve(path)))) {
    terminal.error(`voxtally: no browser could be started; open ${plainText(resolve(path))}\n`);
  }
  return 0;
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
