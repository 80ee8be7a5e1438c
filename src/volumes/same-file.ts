import { realpathSync, statSync } from 'node:fs';

/** Whether two paths lead to one file, by links of either kind too. Unknown is no. */
export function isSameFile(a: string, b: string): boolean {
  try {
    const [ours, theirs] = [statSync(a, { bigint: true }), statSync(b, { bigint: true })];
    if (ours.dev !== theirs.dev || ours.ino !== theirs.ino) return false;
    // File systems without inode numbers give 0.
    return ours.ino !== 0n || realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}
