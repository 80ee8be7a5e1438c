// Compiles the AssemblyScript kernels to dist/src/kernels/kernels.wasm.
import { mkdirSync } from 'node:fs';
import asc from 'assemblyscript/asc';

const out = 'dist/src/kernels/kernels.wasm';
mkdirSync('dist/src/kernels', { recursive: true });
const { error, stderr } = await asc.main([
  'src/kernels/assembly/index.ts',
  '--outFile',
  out,
  '--optimizeLevel',
  '3',
  '--shrinkLevel',
  '0',
  '--converge',
  '--noAssert',
  '--runtime',
  'stub',
  '--enable',
  'simd',
  '--exportStart',
  'start',
]);
if (error) {
  console.error(stderr.toString());
  console.error(error.message);
  process.exit(1);
}
