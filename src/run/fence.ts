/**
 * The fencing number of a folder's owner. Owners are numbered; each leaves a file named by its number, made exclusively, so
 * that two can never have the same one. The highest number owns the folder. Whoever changes something there looks first whether
 * a higher number has come: who froze and wakes up, on whatever machine, can change nothing any more.
 */
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { MachineError } from '../base/errors.ts';
import { persist, saysMissing, storageError } from '../base/storage-faults.ts';
import type { FileLayer } from '../base/write-whole.ts';

export interface Fence {
  /** Folder of the owners' files. */
  readonly folder: string;
  readonly number: number;
}

const claim = /^(\d{8})\.json$/;

export function claimName(number: number): string {
  return `${String(number).padStart(8, '0')}.json`;
}

/** The number of the owner; 0 where there has never been one. */
export function currentOwner(folder: string, files: Pick<FileLayer, 'readdirSync'> = fs): number {
  let names: string[];
  try {
    names = persist(() => files.readdirSync(folder));
  } catch (error) {
    if (saysMissing(error)) return 0;
    throw storageError(folder, 'could not be read', error);
  }
  return names.reduce((most, name) => Math.max(most, Number(claim.exec(name)?.[1] ?? 0)), 0);
}

/** @throws MachineError `ownership-lost` when somebody else owns the folder: nothing may be changed there any more */
export function checkFence({ folder, number }: Fence, files: FileLayer = fs): void {
  const owner = currentOwner(folder, files);
  // On a network drive the list of a folder may be some seconds old; a file that is opened is not.
  if (owner <= number && isThere(join(folder, claimName(number)), files)) return;
  const who = owner > number ? 'another process has taken it over' : 'its folder was removed';
  throw new MachineError(
    ownershipLost,
    `${dirname(folder)}: this run no longer belongs to this process: ${who}; this process has changed nothing since`,
    { file: dirname(folder) },
  );
}

function isThere(path: string, files: FileLayer): boolean {
  try {
    files.closeSync(persist(() => files.openSync(path, 'r')));
    return true;
  } catch (error) {
    if (saysMissing(error)) return false;
    throw storageError(path, 'could not be read', error);
  }
}

const ownershipLost = 'ownership-lost';

/** Whether somebody else owns the folder by now: trying again cannot help. */
export function hasLostOwnership(error: unknown): boolean {
  return error instanceof MachineError && error.code === ownershipLost;
}
