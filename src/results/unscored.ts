/** Cases without a score, those that failed for the same reason together. */
import type { UnscoredCase } from '../base/scored.ts';

export interface UnscoredGroup {
  readonly status: UnscoredCase['status'];
  readonly code: string;
  /** What they have in common: the message without case and file, where there are several. */
  readonly reason: string;
  readonly ids: readonly string[];
  /** The message of the first, whole. */
  readonly message: string;
}

/** The largest groups first, then in the order of the cases. */
export function groupUnscored(cases: readonly UnscoredCase[]): UnscoredGroup[] {
  const groups = new Map<string, UnscoredCase[]>();
  for (const entry of cases) {
    const key = JSON.stringify([entry.status, entry.error.code, reasonOf(entry)]);
    const known = groups.get(key);
    if (known) known.push(entry);
    else groups.set(key, [entry]);
  }
  return [...groups.values()]
    .sort((a, b) => b.length - a.length)
    .map((entries) => {
      const [first] = entries as [UnscoredCase];
      return {
        status: first.status,
        code: first.error.code,
        reason: reasonOf(first),
        ids: entries.map(({ id }) => id),
        message: withoutCase(first),
      };
    });
}

/** A message without what tells its case apart: the names of the case and of its file. */
function reasonOf(entry: UnscoredCase): string {
  const { file } = entry.error;
  const message = withoutCase(entry);
  if (file === undefined) return message;
  const reason = message.startsWith(`${file}: `) ? message.slice(file.length + 2) : message;
  return reason.replaceAll(file, 'the file');
}

function withoutCase({ id, error }: UnscoredCase): string {
  const prefix = `case ${id}: `;
  return error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
}

/** Folders shorter than this are no trouble in a message. */
const shortest = 16;

/** The folder that all files of some errors lie below; undefined where that saves little. */
export function commonFolder(cases: readonly UnscoredCase[]): string | undefined {
  const folders = cases.flatMap(({ error: { file } }) =>
    file === undefined ? [] : [file.split(/[/\\]/).slice(0, -1)],
  );
  const [first] = folders;
  if (!first) return undefined;
  let depth = first.length;
  for (const folder of folders) {
    let equal = 0;
    while (equal < depth && folder[equal] === first[equal]) equal++;
    depth = equal;
  }
  // Of one folder the parent, so that it can be told which of two folders is meant.
  if (depth === first.length) depth--;
  const common = first.slice(0, depth).join('/');
  return common.length < shortest ? undefined : common;
}
