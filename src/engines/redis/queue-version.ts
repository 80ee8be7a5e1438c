/**
 * Version of what programs tell each other through Redis: data of jobs, entries of the board. It goes up when a program of
 * before would misread any of it. Every key has it in its name, so programs of two versions share a server without taking each
 * other's work; only the list of workers is common, so that whoever waits can be told that those there are of another version.
 */
export const queueVersion = 2;

/** Start of all keys of this version. Version 1 had none in its keys. */
export function versionedPrefix(prefix: string): string {
  return `${prefix}:v${queueVersion}`;
}

/** Where runs of version 1 wait: they are told of, not done. */
export function runsOfVersion1(prefix: string): string {
  return `${prefix}:runs:prioritized`;
}
