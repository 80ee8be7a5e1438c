// Which of the programs that rows compare with are here.
import { execFileSync } from 'node:child_process';

const known = new Map();

/** Whether Python has the modules; tells once what is left out without them. */
export function hasModules(python, modules, peer) {
  const key = modules.join(', ');
  if (!known.has(key)) {
    const found = runs(python, ['-c', `import ${key}`]);
    if (!found)
      console.log(`no comparison with ${peer}: ${python} cannot import ${key} (bench/README.md, Peers)`);
    known.set(key, found);
  }
  return known.get(key);
}

export function hasPytorch(python) {
  return hasModules(python, ['torch', 'numpy'], 'PyTorch');
}

export function hasRedis() {
  return runs('redis-server', ['--version']);
}

function runs(command, args) {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
