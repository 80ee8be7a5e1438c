/**
 * How a fault travels from a job to those who report it: in full by a file in the run's folder, and through Redis as a
 * code alone, since messages name files and cases.
 */
import { UnrecoverableError } from 'bullmq';
import type { Logger } from 'pino';
import { isErrorCode } from '../../base/error-codes.ts';
import { DefectError, InputError, MachineError, VoxtallyError } from '../../base/errors.ts';
import { namedError } from '../../base/named-error.ts';
import { packError, packedErrorSchema, unpackError } from '../../base/packed-error.ts';
import type { CasePlan } from '../../run/plan/case-plan.ts';
import { findRecord, putRecord } from '../../run/records.ts';
import type { RunFolder } from '../../run/run-folder.ts';
import { isRedisTrouble, redisFault } from './redis-faults.ts';
import { markHalted } from './run-record.ts';

/** A fault as a record. */
export const faultKind = { version: 1, schema: packedErrorSchema };

/** Any error of a job as one of this package: those of the queue itself are faults of the machine. */
export function asVoxtallyError(error: unknown): VoxtallyError {
  if (error instanceof VoxtallyError) return error;
  if (isRedisTrouble(error)) {
    const { message } = error as Error;
    return redisFault(error, 'the queue') ?? new MachineError('redis-refuses', message, { cause: error });
  }
  // BullMQ numbers what its scripts refuse, such as a job whose lock was lost.
  if (error instanceof Error && typeof (error as { code?: unknown }).code === 'number') {
    return new MachineError('queue-refused', error.message, { cause: error });
  }
  return namedError(error);
}

/** What BullMQ is told: faults of the input and of the program are not tried again. */
export function queueError(fault: VoxtallyError): Error {
  return fault instanceof InputError || fault instanceof DefectError
    ? new UnrecoverableError(fault.code)
    : new Error(fault.code);
}

/**
 * A defect of the program ends its run, at once: any other case may be wrong by it as well. The log gets the places in the
 * program and no message, since messages name files.
 */
export function haltByDefect(log: Logger, run: string, folder: RunFolder, defect: DefectError): void {
  const stack = defect.trace.split('\n').filter((line) => /^\s+at /.test(line));
  log.error({ run, code: defect.code, stack }, 'a defect of the program ends the run');
  markHalted(folder);
}

/** Leaves the fault of a bundle's tiles for the case's reduction. Where that cannot be written either, its code has to do. */
export function leaveFault(folder: RunFolder, caseIndex: number, bundle: number, fault: VoxtallyError): void {
  try {
    putRecord(folder.store, faultName(folder, caseIndex, bundle), faultKind, packError(fault));
  } catch (error) {
    if (!(error instanceof MachineError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

/** The fault for which bundles are missing: that of the input before one of the machine, of the first before others. */
export function faultOfTiles(
  folder: RunFolder,
  plan: Pick<CasePlan, 'index' | 'bundleTiles'>,
  missing: readonly number[],
  /** Why tile jobs were set aside, as BullMQ has it. */
  reasons: readonly string[],
): VoxtallyError | undefined {
  const faults = missing.flatMap((bundle) => readFault(folder, faultName(folder, plan.index, bundle)) ?? []);
  const found = faults.find((fault) => fault instanceof InputError) ?? faults[0];
  if (found || reasons.length === 0 || missing.length === 0) return found;
  const tile = missing[0]! * plan.bundleTiles;
  const stalled = reasons.some((reason) => reason.includes('stalled'));
  return stalled
    ? new MachineError(
        'worker-lost',
        `tile ${tile} was set aside: the workers that scored it died or froze again and again; look at their memory and logs, then retry the run`,
      )
    : new MachineError(
        isErrorCode(reasons[0]!) ? reasons[0] : 'tile-lost',
        `tile ${tile} could not be scored: ${reasons[0]}; retry the run`,
      );
}

function faultName(folder: RunFolder, caseIndex: number, bundle: number): string {
  return `${folder.tiles(caseIndex)}/${bundle}.fault.json`;
}

function readFault({ store }: RunFolder, name: string): VoxtallyError | undefined {
  const fault = findRecord(store, name, faultKind);
  return fault && unpackError(fault);
}
