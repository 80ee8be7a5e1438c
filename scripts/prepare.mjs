// After an install: builds, unless what is built is newer than all that it is built from.
import { execSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

function newestMs(path) {
  const facts = statSync(path);
  if (!facts.isDirectory()) return facts.mtimeMs;
  return Math.max(facts.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

const built = statSync('dist/bin/main.js', { throwIfNoEntry: false })?.mtimeMs ?? 0;
const sources = ['src', 'workers', 'scripts', 'package.json', 'tsconfig.json'];
if (Math.max(...sources.map(newestMs)) > built) execSync('npm run build', { stdio: 'inherit' });
