/**
 * Who owns a folder, on one machine or on a drive that several share. An owner leaves a file with its number (fence.ts) and a
 * sign of life in it every few seconds. A new one comes when the owner has ended, when its process is gone, when it gave no sign
 * of life for a minute and cannot be looked at from here, or when it is told to take over. Ages are differences of times that the
 * file server itself has set, so that clocks need not agree. Nothing has to be tidied up after a crash.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { UsageError } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { isRunning, machine, processStart } from '../base/processes.ts';
import { persist, saysMissing, storageError } from '../base/storage-faults.ts';
import { claimName, currentOwner, type Fence } from './fence.ts';

/** Folder of the owners' files in the folder that is owned. */
export const ownerFolder = '.owner';

const renewMs = 10_000;
/** An owner on another machine that was silent for so long is gone. */
const silentMs = 60_000;

const claimSchema = z.object({
  version: z.literal(1),
  host: z.string(),
  /** What tells machines and containers apart, and processes that had the same number. */
  machine: z.string(),
  process: z.number(),
  processStart: z.string().nullable(),
  /** Milliseconds since 1970. */
  since: z.number(),
  state: z.enum(['held', 'free']),
});
type Claim = z.infer<typeof claimSchema>;

export interface LeaseOptions {
  /** Become the owner whoever is. */
  readonly takeOver?: boolean;
  /** The owner is not a process, but the run in the queue: it needs no sign of life and is followed without asking. */
  readonly forQueue?: boolean;
}

export class Lease {
  readonly fence: Fence;
  readonly #claim: Claim;
  readonly #timer: NodeJS.Timeout | undefined;

  private constructor(fence: Fence, claim: Claim, renews: boolean) {
    this.fence = fence;
    this.#claim = claim;
    if (renews) this.#timer = setInterval(() => this.#write(claim), renewMs).unref();
  }

  /**
   * Becomes the owner of `path`, which is there.
   * @throws UsageError naming the owner, when there is one
   */
  static acquire(path: string, { takeOver = false, forQueue = false }: LeaseOptions = {}): Lease {
    const folder = join(path, ownerFolder);
    makeFolder(folder);
    const claim: Claim = {
      version: 1,
      host: hostname(),
      machine: machine(),
      process: process.pid,
      processStart: processStart(process.pid),
      since: Date.now(),
      state: forQueue ? 'free' : 'held',
    };
    const temporary = join(folder, `${randomBytes(6).toString('hex')}.tmp`);
    try {
      for (;;) {
        persist(() => fs.writeFileSync(temporary, JSON.stringify(claim)));
        const before = currentOwner(folder);
        if (before > 0 && !takeOver) refuseHeld(path, join(folder, claimName(before)), temporary);
        if (!claimNumber(temporary, join(folder, claimName(before + 1)))) continue;
        for (const name of fs.readdirSync(folder)) {
          if (name < claimName(before + 1) && name.endsWith('.json'))
            fs.rmSync(join(folder, name), { force: true });
        }
        return new Lease({ folder, number: before + 1 }, claim, !forQueue);
      }
    } catch (error) {
      throw storageError(path, 'could not become the owner of this folder', error);
    } finally {
      fs.rmSync(temporary, { force: true });
    }
  }

  /** Lets the next one in. Who lost ownership changes nothing. */
  release(): void {
    clearInterval(this.#timer);
    if (this.#claim.state === 'held') this.#write({ ...this.#claim, state: 'free' });
  }

  /** A sign of life; where the file is gone, somebody else is the owner, and the next change here tells. */
  #write(claim: Claim): void {
    const { folder, number } = this.fence;
    try {
      const fd = fs.openSync(join(folder, claimName(number)), 'r+');
      try {
        fs.writeSync(fd, JSON.stringify(claim), 0);
      } finally {
        fs.closeSync(fd);
      }
    } catch {}
  }
}

/** Gives the claim its number, unless somebody else has that by now. */
function claimNumber(temporary: string, path: string): boolean {
  try {
    fs.linkSync(temporary, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // File systems without links.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
  }
  try {
    fs.copyFileSync(temporary, path, fs.constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** @throws UsageError when the owner may be at work. `now` was written just now. */
function refuseHeld(path: string, file: string, now: string): void {
  let text: string;
  let silent: number;
  try {
    const fd = persist(() => fs.openSync(file, 'r'));
    try {
      text = fs.readFileSync(fd, 'utf8');
      silent = fs.statSync(now).mtimeMs - fs.fstatSync(fd).mtimeMs;
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    if (saysMissing(error)) return;
    throw error;
  }
  const claim = claimOf(text);
  if (claim?.state === 'free') return;
  const isNear = claim?.machine === machine();
  if (isNear ? !isRunning(claim.process, claim.processStart) : silent > silentMs) return;
  const who = claim
    ? `process ${claim.process} on ${claim.host} since ${new Date(claim.since).toISOString()}`
    : 'another process';
  const sign = `last sign of life ${Math.max(0, Math.round(silent / 1000))} s ago`;
  const wait = isNear ? '' : `, wait until it was silent for ${silentMs / 1000} s`;
  throw new UsageError(
    'out-owned',
    `${path} belongs to the run of ${who} (${sign}). End that one${wait}, or give --take-over: then it can change nothing here any more`,
    { file: path, field: 'out' },
  );
}

function claimOf(text: string): Claim | undefined {
  try {
    return claimSchema.parse(JSON.parse(text.trim()));
  } catch {
    return undefined;
  }
}
