import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, test } from 'vitest';

/** Top to bottom, as in CONTRIBUTING.md: a folder of src/ imports only from those before it. */
const page = readFileSync('CONTRIBUTING.md', 'utf8');
const layers = [...page.matchAll(/^\| `([a-z]+)\/` /gm)].map(([, name]) => name!);
const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((file) => posix.join('src', file.replaceAll('\\', '/')))
  .filter((file) => file.endsWith('.ts') && !file.startsWith('src/kernels/assembly/'));
const imports = new Map(files.map((file) => [file, importsOf(file)]));

function importsOf(file: string): string[] {
  const relative = /(?:\bfrom|\bimport|\bimport\()\s*'(\.[^']+)'/g;
  return [...readFileSync(file, 'utf8').matchAll(relative)].map(([, path]) =>
    posix.join(posix.dirname(file), path!),
  );
}

const layerOf = (file: string) => {
  const folder = file.split('/')[1]!;
  return folder === 'index.ts' ? layers.length : layers.indexOf(folder);
};

test('the table of CONTRIBUTING.md names every folder of src/ and no other', () => {
  const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect([...layers].sort()).toEqual(folders.map(({ name }) => name).sort());
});

test('a folder imports only from the folders above it', () => {
  const upward = [...imports].flatMap(([file, targets]) =>
    targets
      .filter((to) => !to.startsWith('src/') || layerOf(to) > layerOf(file))
      .map((to) => `${file} -> ${to}`),
  );
  expect(upward).toEqual([]);
});

test('no files import each other, directly or over others', () => {
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]) => {
    if (state.get(file) === 'open') cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (state.has(file)) return;
    state.set(file, 'open');
    for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
    state.set(file, 'done');
  };
  for (const file of files) visit(file, []);
  expect(cycles).toEqual([]);
});

/** The files, outside some places, that import something. */
function importers(pattern: RegExp, allowed: readonly string[]): string[] {
  return files.filter(
    (file) => !allowed.some((place) => file.startsWith(place)) && pattern.test(readFileSync(file, 'utf8')),
  );
}

test('only volumes/ opens a volume', () => {
  expect(importers(/volumes\/(raw-source|gzip-stream)\.ts'/, ['src/volumes/'])).toEqual([]);
});

test('only the store touches the files of a run', () => {
  const elsewhere = [
    // What it rests on, and who owns its folder.
    ...[
      'src/base/',
      'src/run/local-store.ts',
      'src/run/fence.ts',
      'src/run/lease.ts',
      'src/run/out-folder.ts',
    ],
    // Volumes, which folders they may be in, lists of them, configuration, and files of the package.
    ...['src/volumes/', 'src/run/data-roots.ts', 'src/cases/', 'src/settings/load-config.ts', 'src/kernels/'],
    ...['src/web/report/shell.ts', 'src/web/dashboard/static-files.ts', 'src/web/viewer/routes.ts'],
    // The folder of the runs, the demo, the file of a password, and whether two folders or files are one.
    ...['src/engines/redis/places.ts', 'src/cli/demo/', 'src/cli/run-dashboard.ts'],
    ...['src/questions/merge/merge.ts', 'src/cli/run-errors.ts', 'src/library/score-arrays.ts'],
  ];
  expect(importers(/from 'node:fs(\/promises)?'/, elsewhere)).toEqual([]);
});
