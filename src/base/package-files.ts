/** Files of this package, wherever the running code is in it: in the sources, in the build or in a bundle. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(import.meta.url);

/** The folder of `package.json`, the nearest above this file. */
function packageRoot(): string {
  let folder = dirname(here);
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === dirname(folder)) throw new Error(`no package.json above ${here}`);
    folder = dirname(folder);
  }
  return folder;
}

/** Path of a file of the package, named from its root. */
export function packageFile(name: string): string {
  return join(packageRoot(), name);
}

/** Path of the entry point of a thread (`workers/`), of few files: one of its modules each takes a thread twice as long to start. */
export function threadFile(file: string): string {
  return packageFile(`dist/bin/${file}`);
}

/** The version in the package's own `package.json`. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }).version;
}
