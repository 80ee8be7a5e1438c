/** Whether a process that is known by its number is still the one that was meant. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { kill } from 'node:process';

/** Names where process numbers count: a machine since it was started, or a container. Elsewhere than on Linux the host. */
export function machine(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${hostname()} ${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** When a process began, in the words of the system; null where that cannot be told. */
export function processStart(pid: number): string | null {
  try {
    // Behind the name, which may hold anything: state is field 3, the start field 22.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' ? null : fields[19]!;
  } catch {
    return null;
  }
}

/** Whether the process of this number still is the one that began then. */
export function isRunning(pid: number, start: string | null): boolean {
  if (start !== null) return processStart(pid) === start;
  try {
    return kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
