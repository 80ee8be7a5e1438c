import { spawn } from 'node:child_process';

/**
 * Runs a program to its end or to a time limit; at the limit its whole process group is ended.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, limitS: number }} options `limitS` in seconds
 * @returns {Promise<{ ok: boolean, output: string, reason: string }>} `reason` is one line, empty when ok
 */
export function runProgram(command, args, { cwd, env, limitS }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    let output = '';
    let late = false;
    const keep = (chunk) => {
      output = (output + chunk).slice(-65_536);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const timer = setTimeout(() => {
      late = true;
      try {
        process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
      } catch {
        child.kill('SIGKILL');
      }
    }, limitS * 1000);
    const finish = (ok, reason) => {
      clearTimeout(timer);
      resolve({ ok, output, reason });
    };
    child.on('error', (error) =>
      finish(false, `${command} could not be started (${error.code ?? error.message})`),
    );
    child.on('close', (status) => {
      if (late) finish(false, `${command} took longer than ${limitS} s`);
      else if (status === 0) finish(true, '');
      else finish(false, `${command} ended with status ${status}: ${lastLine(output)}`);
    });
  });
}

function lastLine(text) {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const errors = lines.filter((line) => /error/i.test(line) && !/full log|log of this run/i.test(line));
  return (errors.at(-1) ?? lines.at(-1) ?? 'no output').slice(0, 300);
}
