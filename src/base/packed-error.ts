/** Errors that cross threads and queues as plain data and keep their class, code and place. */
import {
  type FaultPlace,
  InputError,
  MachineError,
  PartialError,
  UsageError,
  VoxtallyError,
} from './errors.ts';

export interface PackedError {
  readonly type: string;
  readonly code: string;
  readonly message: string;
  readonly place: FaultPlace;
}

const classes = { InputError, MachineError, PartialError, UsageError };

export function packError(error: unknown): PackedError {
  if (error instanceof VoxtallyError) {
    return { type: error.name, code: error.code, message: error.message, place: error.place };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { type: 'MachineError', code: 'unexpected', message, place: {} };
}

export function unpackError(packed: PackedError): VoxtallyError {
  const Type = classes[packed.type as keyof typeof classes] ?? MachineError;
  return new Type(packed.code, packed.message, packed.place);
}
