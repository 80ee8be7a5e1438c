// `npm test`: build, lint and types, all tests; says how long each took. Arguments go to vitest.
import { spawnSync } from 'node:child_process';

const steps = [
  ['build', 'npm', ['run', 'build']],
  ['lint', 'npm', ['run', 'lint']],
  ['tests', 'npx', ['vitest', 'run', ...process.argv.slice(2)]],
];
const took = [];
for (const [name, command, args] of steps) {
  const start = performance.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  took.push([name, (performance.now() - start) / 1000]);
  if (status !== 0) {
    process.exitCode = status ?? 1;
    break;
  }
}
const whole = took.reduce((sum, [, seconds]) => sum + seconds, 0);
console.log(
  `${took.map(([name, seconds]) => `${name} ${seconds.toFixed(0)} s`).join(', ')}; ${whole.toFixed(0)} s in all`,
);
