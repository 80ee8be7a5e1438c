import { realpathSync, statSync } from 'node:fs';

/** Whether two paths lead to one file, by links of either kind too. Unknown is no. */
export function isSameFile(a: string, b: string): boolean {
  try {
    if (realpathSync(a) === realpathSync(b)) return true;
    const [ours, theirs] = [statSync(a, { bigint: true }), statSync(b, { bigint: true })];
    // File systems without inode numbers give 0.
    return ours.ino !== 0n && ours.ino === theirs.ino && ours.dev === theirs.dev;
  } catch {
    return false;
  }
}
