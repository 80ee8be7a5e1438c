/** Who owns a folder: one at a time, told by name, never for longer than the owner lives. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { UsageError } from '../../src/base/errors.ts';
import { isRunning, processStart } from '../../src/base/processes.ts';
import { checkFence, claimName, hasLostOwnership } from '../../src/run/fence.ts';
import { Lease, ownerFolder } from '../../src/run/lease.ts';
import { LocalStore } from '../../src/run/local-store.ts';
import { localStore } from '../../src/run/open-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
const held: Lease[] = [];
afterEach(() => {
  for (const lease of held.splice(0)) lease.release();
});

let serial = 0;
function newFolder(): string {
  const path = folder(`owned-${serial++}`);
  mkdirSync(path);
  return path;
}

function own(path: string, options?: Parameters<typeof Lease.acquire>[1]): Lease {
  const lease = Lease.acquire(path, options);
  held.push(lease);
  return lease;
}

/** Changes what the owner's file says. */
function editClaim(path: string, number: number, change: object): string {
  const file = join(path, ownerFolder, claimName(number));
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...change }));
  return file;
}

test('a second owner is refused and told by whom, and follows when the first has ended', () => {
  const path = newFolder();
  const first = own(path);
  expect(() => own(path)).toThrow(
    new RegExp(`belongs to the run of process ${process.pid} on ${hostname()} since 20.*--take-over`),
  );
  expect(() => own(path)).toThrow(UsageError);
  first.release();
  expect(own(path).fence.number).toBe(2);
  expect(readdirSync(join(path, ownerFolder))).toEqual([claimName(2)]);
});

test('who was taken over can change nothing any more, and may go on reading', () => {
  const path = newFolder();
  const first = own(path);
  const store = localStore(path, first.fence);
  store.put('results.json', [Buffer.from('first')]);
  const second = own(path, { takeOver: true });
  const before = fs.readFileSync(join(path, 'results.json'), 'utf8');
  for (const change of [
    () => store.put('results.json', [Buffer.from('late')]),
    () => store.put('new/record.json', [Buffer.from('late')]),
    () => store.remove('results.json'),
    () => store.clear('.'),
    () => store.setAside('results.json'),
    () => store.below('work').put('settings.json', [Buffer.from('late')]),
    () => checkFence(first.fence),
  ]) {
    let error: unknown;
    try {
      change();
    } catch (thrown) {
      error = thrown;
    }
    expect(hasLostOwnership(error), String(change)).toBe(true);
  }
  expect(fs.readFileSync(join(path, 'results.json'), 'utf8')).toBe(before);
  expect(readdirSync(path).sort()).toEqual([ownerFolder, 'results.json']);
  expect(store.size('results.json')).toBe(5);
  // Its end does not let go what is not its own.
  first.release();
  expect(() => own(path)).toThrow(/belongs to/);
  localStore(path, second.fence).put('results.json', [Buffer.from('second')]);
});

test('ownership is asked for after the bytes are written, just before they take their name', () => {
  const path = newFolder();
  const store = localStore(path, own(path).fence);
  const pieces = function* () {
    yield Buffer.from('one');
    own(path, { takeOver: true });
    yield Buffer.from('two');
  };
  expect(() => store.put('record.json', pieces())).toThrow(/no longer belongs/);
  expect(readdirSync(path)).toEqual([ownerFolder]);
});

test('an owner whose process is gone, on this machine, is followed at once', async () => {
  const path = newFolder();
  own(path);
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(child, 'spawn');
  const { pid } = child;
  editClaim(path, 1, { process: pid, processStart: processStart(pid!) });
  expect(isRunning(pid!, processStart(pid!))).toBe(true);
  expect(() => own(path)).toThrow(`process ${pid}`);
  // One that is frozen may wake up.
  child.kill('SIGSTOP');
  expect(() => own(path)).toThrow(`process ${pid}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(own(path).fence.number).toBe(2);
});

test('another process that has the number by now is not the owner', () => {
  const path = newFolder();
  own(path);
  editClaim(path, 1, { processStart: '1' });
  expect(own(path).fence.number).toBe(2);
});

test('an owner on another machine is followed when it was silent for a minute', () => {
  const path = newFolder();
  own(path);
  const file = editClaim(path, 1, { machine: 'another', host: 'ward-7' });
  const ago = (seconds: number) => utimesSync(file, new Date(), new Date(Date.now() - 1000 * seconds));
  ago(40);
  expect(() => own(path)).toThrow(/on ward-7 .*last sign of life 40 s ago.*silent for 60 s/);
  ago(61);
  expect(own(path).fence.number).toBe(2);
});

test('a claim that is torn counts by its age', () => {
  const path = newFolder();
  own(path);
  const file = join(path, ownerFolder, claimName(1));
  writeFileSync(file, '{"version":1,"ho');
  expect(() => own(path)).toThrow(/belongs to the run of another process/);
  utimesSync(file, new Date(), new Date(Date.now() - 100_000));
  expect(own(path).fence.number).toBe(2);
});

test('a folder that was removed belongs to nobody who knew it', () => {
  const path = newFolder();
  const store = localStore(path, own(path).fence);
  fs.rmSync(path, { recursive: true });
  expect(() => store.put('results.json', [])).toThrow(/its folder was removed/);
  expect(fs.existsSync(path)).toBe(false);
});

test('a list of owners that is some seconds old, as on a network drive, misleads nobody', () => {
  const path = newFolder();
  const first = own(path);
  own(path, { takeOver: true });
  const stale = { ...fs, readdirSync: () => [claimName(1)] } as unknown as typeof fs;
  expect(() => new LocalStore(path, first.fence, stale).remove('x')).toThrow(/no longer belongs/);
});
