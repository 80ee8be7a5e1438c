/**
 * Preloaded into a process: tells its peak resident memory when it ends. On Linux not by `resourceUsage`: its peak begins with
 * the memory that the parent had when it started the process, here a test with whole volumes in memory.
 */
import { existsSync, readFileSync } from 'node:fs';

const status = '/proc/self/status';

process.on('exit', () => {
  const kibibytes = existsSync(status)
    ? /VmHWM:\s+(\d+) kB/.exec(readFileSync(status, 'utf8'))[1]
    : process.resourceUsage().maxRSS;
  process.stderr.write(`peak ${kibibytes} KiB\n`);
});
