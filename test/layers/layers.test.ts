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
