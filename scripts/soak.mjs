// Runs test/soak: `npm run soak -- --minutes 2 --seed 1`, after a build.
import { build } from 'esbuild';

const outfile = 'node_modules/.cache/voxtally/soak.mjs';
await build({
  entryPoints: ['test/soak/main.ts'],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
});
await import(new URL(`../${outfile}`, import.meta.url));
