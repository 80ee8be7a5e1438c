// Processor seconds of a whole process, its threads and children among them.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Runs a command to its end: user and system seconds, wall seconds, what it wrote, and the peak of its memory in MB where
 * /proc tells.
 */
export async function measure(command, args) {
  const started = performance.now();
  // POSIX: the second line of `times` is what the children of the shell took.
  const script = '"$@" & child=$!; echo "$child"; wait "$child"; status=$?; times; exit "$status"';
  const shell = spawn('sh', ['-c', script, 'sh', command, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  shell.stdout.on('data', (chunk) => {
    output += chunk;
  });
  let peakMb = 0;
  const poll = setInterval(() => {
    const child = output.split('\n')[0];
    try {
      const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child}/status`, 'utf8'));
      peakMb = Math.max(peakMb, Number(found?.[1] ?? 0) / 1000);
    } catch {
      // Ended, or no /proc here.
    }
  }, 10);
  const status = await new Promise((resolve) => shell.on('close', resolve));
  clearInterval(poll);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
  const lines = output.trim().split('\n');
  const children = lines.at(-1);
  const processorSeconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds),
    0,
  );
  return {
    processorSeconds,
    seconds: (performance.now() - started) / 1000,
    peakMb,
    output: lines.slice(1, -2).join('\n'),
  };
}

/** User and system seconds of a process so far; not a number where /proc does not tell, or once it has ended. */
export function processorSecondsOf(pid) {
  try {
    // After the name in parentheses: state, ..., user and system time in ticks of 10 ms.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}

/** The highest peak of several, for print. */
export const peak = (found) => Math.max(...found.map(({ peakMb }) => peakMb)).toFixed(0);

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** The median of ratios, with the lowest and highest. */
export function ratioText(ratios) {
  return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`;
}

/** Shares of the time of threads: computed, waited for files, waited for jobs. */
export function shares({ computing, files, jobs }) {
  const percent = (seconds) => `${((100 * seconds) / (computing + files + jobs)).toFixed(0)} %`;
  return `computed ${percent(computing)}, waited for files ${percent(files)}, for jobs ${percent(jobs)}`;
}
