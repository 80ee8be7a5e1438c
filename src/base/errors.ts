/**
 * Every failure that Voxtally names. A message says which case, which file, which field or voxel, and what to do;
 * the same facts are in typed fields for programs.
 */

import type { ErrorCode } from './error-codes.ts';

/** Where a fault was found. All fields are optional facts, never guesses. */
export interface FaultPlace {
  /** The case's id, as the manifest or the file name gives it. */
  readonly caseId?: string;
  /** Path of the file, as the user gave it. */
  readonly file?: string;
  /** Name of a stored record or shard in the run's store. */
  readonly record?: string;
  /** The header field, configuration path, manifest column or flag. */
  readonly field?: string;
  /** The voxel `[x, y, z]`, zero based. */
  readonly voxel?: readonly [number, number, number];
}

interface FaultOptions extends FaultPlace {
  readonly cause?: unknown;
}

/** Base of all errors of this package; `code` is stable, for programs, and one of the table in error-codes.ts. */
export abstract class VoxtallyError extends Error {
  readonly code: ErrorCode;
  readonly place: FaultPlace;

  constructor(code: ErrorCode, message: string, options: FaultOptions = {}) {
    const { cause, ...place } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.place = place;
  }
}

/** A fault of one case's input. It costs that case, is never retried, and the run goes on. */
export class InputError extends VoxtallyError {}

/** The command, configuration or manifest is wrong: nothing can run (exit status 2). */
export class UsageError extends VoxtallyError {}

/** The machine failed (disk full, unreadable storage, lost worker). Worth another try. */
export class MachineError extends VoxtallyError {}

/** A stored partial or shard is torn, corrupt or of another run. A run makes it again and a question stops; it is never believed. */
export class PartialError extends VoxtallyError {}

/**
 * A fault of this program: a broken invariant, an error of the language. It ends the run at once. The log has its stack;
 * no result file does.
 */
export class DefectError extends VoxtallyError {
  /** Where it happened, for the log. */
  readonly trace: string;

  constructor(message: string, options: FaultOptions & { readonly trace: string }) {
    const { trace, ...rest } = options;
    super('defect', message, rest);
    this.trace = trace;
  }
}
