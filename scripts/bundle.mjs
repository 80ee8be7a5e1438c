// Bundles the command line and the entry points of threads: few files to load in place of hundreds start a run faster.
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleDynamicImports, loadLater, shareOneChunk } from './late-loading.mjs';
import { writeLicences } from './licences.mjs';
import { placeOfScript, writeScripts } from './write-scripts.mjs';

// Loaded by name at run time, or used by few commands.
const outside = [
  'node:child_process',
  'node:crypto',
  'node:process',
  'node:worker_threads',
  'node:perf_hooks',
  'node:net',
  'node:os',
  'node:stream',
  'node:stream/promises',
  'node:timers/promises',
  'piscina',
  'pino',
  'hono',
  '@hono/*',
  '@bull-board/*',
  'prom-client',
  '@tensorflow/*',
];

const node = {
  outdir: 'dist/bin',
  outbase: '.',
  entryNames: '[name]',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
  metafile: true,
  // The package offers Node one file of all its operators; of its modules only what is used is bundled.
  alias: { rxjs: fileURLToPath(new URL('../node_modules/rxjs/dist/esm/index.js', import.meta.url)) },
  banner: {
    js: "import { createRequire as voxtallyRequire } from 'node:module'; const require = voxtallyRequire(import.meta.url);",
  },
};

/** Packages of the queue: a file of their own, which commands without Redis do not load. */
const queuePackages = ['bullmq', 'ioredis'];

// Files of the build before are not part of this one.
rmSync(node.outdir, { recursive: true, force: true });

const main = await build({ ...node, entryPoints: ['src/cli/main.ts'], banner: {} });

// The commands with their flags, a file of all that they do, and the steps that threads do.
const program = await build({
  ...node,
  entryPoints: ['src/cli/run-process.ts', 'workers/step-thread.ts'],
  outdir: 'dist/bin/program',
  chunkNames: '[name]-[hash]',
  splitting: true,
  sourcemap: false,
  define: placeOfScript,
  banner: {},
  write: false,
  plugins: [
    shareOneChunk('src/cli/commands'),
    bundleDynamicImports,
    loadLater(outside, { queue: queuePackages }),
  ],
});
await writeScripts(program);

const queue = await build({
  ...node,
  stdin: {
    contents: `module.exports = { ${queuePackages.map((name) => `get ${name}() { return require('${name}'); }`)} };`,
    resolveDir: '.',
  },
  outfile: 'dist/bin/program/queue.js',
  outdir: undefined,
  format: 'cjs',
  sourcemap: false,
  banner: {},
  write: false,
  plugins: [loadLater(outside)],
});
await writeScripts(queue);

// Node loads this with no loader of modules, which a thread would have to start.
const stepThread = await build({
  ...node,
  entryPoints: ['workers/load-step-thread.ts'],
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  banner: {},
});

// Threads of few processes load one file.
const threads = await build({
  ...node,
  entryPoints: ['audit', 'view'].map((name) => `workers/${name}-thread.ts`),
  plugins: [bundleDynamicImports, loadLater(outside)],
});

// The report's page: script and style stand in every report, so they are small and of no module.
const report = await build({
  entryPoints: ['page.js', 'compare.js', 'page.css'].map((name) => `src/web/report/page/${name}`),
  outdir: 'dist/report',
  bundle: true,
  minify: true,
  format: 'iife',
  platform: 'browser',
  target: 'es2022',
  logLevel: 'warning',
  metafile: true,
});

/** NiiVue computes gradients of every volume for renderings in 3D, which no page shows: a quarter of the time to load a case. */
const withoutGradients = {
  name: 'without-gradients',
  setup({ onLoad }) {
    onLoad({ filter: /niivue[/\\]dist[/\\]index\.js$/ }, ({ path }) => {
      const code = readFileSync(path, 'utf8');
      const call = /(this\.volumeTexture = outTexture;\s+)(?=this\.gradientTexture = gradientGL\(\{)/g;
      if (code.match(call)?.length !== 1) throw new Error(`${path}: gradients are computed elsewhere now`);
      return { contents: code.replace(call, '$1if (this.opts.multiplanarShowRender) '), loader: 'js' };
    });
  },
};

// The page on which a case is looked at.
const viewer = await build({
  entryPoints: ['src/web/viewer/page/viewer.js', 'src/web/viewer/page/viewer.css'],
  outdir: 'dist/viewer',
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  plugins: [withoutGradients],
  logLevel: 'warning',
  metafile: true,
});

// The dashboard's script and styles run in a browser as they are.
cpSync('src/web/dashboard/static', 'dist/dashboard', { recursive: true });

writeLicences(
  [main, program, queue, stepThread, threads, report, viewer].map(({ metafile }) => metafile),
  'dist/THIRD-PARTY-LICENCES.txt',
);
