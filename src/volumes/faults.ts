import { readlinkSync } from 'node:fs';
import type { inputCodes } from '../base/error-codes.ts';
import type { FaultPlace } from '../base/errors.ts';
import { InputError, MachineError } from '../base/errors.ts';
import { annexLink } from './foreign-content.ts';

/** Codes of the faults that a case's files can have. */
export type InputFault = keyof typeof inputCodes;

/** An InputError whose code is one of the list above. */
export function inputFault(
  code: InputFault,
  message: string,
  place: FaultPlace,
  cause?: unknown,
): InputError {
  return new InputError(code, message, { ...place, cause });
}

const denied = new Set(['EACCES', 'EPERM', 'EROFS']);
const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EMFILE', 'ENFILE']);
/** The last is Node's for a path with a NUL in it, which no file can have. */
const missing = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'ERR_INVALID_ARG_VALUE']);

/** Names a failure of the file system: a missing file is the input's fault, all else the machine's. */
export function storageFault(cause: unknown, file: string): InputError | MachineError {
  if (cause instanceof InputError || cause instanceof MachineError) return cause;
  const code = errorCode(cause);
  if (missing.has(code)) {
    const target = linkTarget(file);
    if (target !== undefined && /\bannex\/objects\//.test(target)) {
      const message = `${file}: ${annexLink.what}; ${annexLink.advice}.`;
      return inputFault('pointer-only', message, { file }, cause);
    }
    const what = target === undefined ? 'no such file' : `a link to ${target}, which leads to no file`;
    return inputFault('file-missing', `${file}: ${what} (${code}). Check the name.`, { file }, cause);
  }
  if (code === 'EISDIR') return notRegular(file, cause);
  if (denied.has(code)) {
    const message = `${file}: access denied (${code}). Give this user the permission.`;
    return new MachineError('storage-denied', message, { file, cause });
  }
  if (full.has(code)) {
    const message = `${file}: storage is exhausted (${code}). Free some and run again.`;
    return new MachineError('storage-full', message, { file, cause });
  }
  const message = `${file}: storage failed (${code || String(cause)}). Check the disk or mount and run again.`;
  return new MachineError('storage-failed', message, { file, cause });
}

/** Where a symbolic link points; undefined for anything else. */
function linkTarget(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
}

export function notRegular(file: string, cause?: unknown): InputError {
  return inputFault('file-not-regular', `${file}: not a regular file. Name a NIfTI file.`, { file }, cause);
}

/** Names a failure of inflating or of reading below it. No text depends on how the stream was cut into chunks. */
export function inflateFault(cause: unknown, file: string): InputError | MachineError {
  const code = errorCode(cause);
  if (code === 'Z_BUF_ERROR') {
    const message = `${file}: the gzip stream is cut off. Copy or export the file again.`;
    return inputFault('gzip-cut-off', message, { file }, cause);
  }
  const text = cause instanceof Error ? cause.message : '';
  if (code === 'Z_DATA_ERROR' && /incorrect (data|length) check/.test(text)) {
    const message = `${file}: the gzip checksum does not match: the file is damaged. Copy or export it again.`;
    return inputFault('gzip-checksum', message, { file }, cause);
  }
  if (code === 'Z_DATA_ERROR' || code === 'Z_NEED_DICT') {
    const message = `${file}: the gzip stream is damaged, or followed by other bytes (${text}). Copy or export it again.`;
    return inputFault('gzip-corrupt', message, { file }, cause);
  }
  return storageFault(cause, file);
}

function errorCode(cause: unknown): string {
  const code = (cause as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : '';
}
