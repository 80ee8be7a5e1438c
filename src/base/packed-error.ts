/** Errors that cross threads and queues as plain data and keep their class, code and place. */
import * as z from 'zod';
import type { DeepReadonly } from './deep-readonly.ts';
import { type ErrorCode, isErrorCode } from './error-codes.ts';
import {
  DefectError,
  InputError,
  MachineError,
  PartialError,
  UsageError,
  type VoxtallyError,
} from './errors.ts';
import { namedError } from './named-error.ts';
import { vec3Schema } from './vec3-schema.ts';

export const packedErrorSchema = z.object({
  type: z.string(),
  code: z.custom<ErrorCode>((code) => typeof code === 'string' && isErrorCode(code)),
  message: z.string(),
  /** A `FaultPlace`. */
  place: z.object({
    caseId: z.string().exactOptional(),
    file: z.string().exactOptional(),
    record: z.string().exactOptional(),
    field: z.string().exactOptional(),
    voxel: vec3Schema.exactOptional(),
  }),
  /** Of a defect: where it happened. */
  trace: z.string().exactOptional(),
});
export type PackedError = DeepReadonly<z.infer<typeof packedErrorSchema>>;

const classes = { InputError, MachineError, PartialError, UsageError };

export function packError(error: unknown): PackedError {
  const { name, code, message, place, ...rest } = namedError(error);
  const trace = 'trace' in rest ? { trace: rest.trace as string } : {};
  return { type: name, code, message, place, ...trace };
}

export function unpackError({ type, code, message, place, trace }: PackedError): VoxtallyError {
  if (type === 'DefectError') return new DefectError(message, { ...place, trace: trace ?? message });
  const Type = classes[type as keyof typeof classes] ?? MachineError;
  return new Type(code, message, place);
}
