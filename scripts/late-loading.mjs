// Plugins of the bundler for a program of few files that reads only what a command needs: to open and link a file costs as
// much as to compile some modules, and what is bundled in place of imported runs only when it is asked for.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const dynamicImport = /\bimport\((['"])(\.[^'"]+)\1\)/g;

/** Modules that are imported dynamically go into the file that imports them, and run when it asks for them. */
export const bundleDynamicImports = {
  name: 'bundle-dynamic-imports',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\](src|workers)[/\\].*\.ts$/ }, ({ path }) => {
      const code = readFileSync(path, 'utf8');
      return {
        contents: code.replace(dynamicImport, 'Promise.resolve().then(() => require($1$2$1))'),
        loader: 'ts',
      };
    });
  },
};

/** Whatever the files of `folder` import dynamically goes into one file, which the first of them to ask for any of it loads. */
export function shareOneChunk(folder) {
  const name = 'voxtally:shared-chunk';
  return {
    name: 'share-one-chunk',
    setup({ onLoad, onResolve }) {
      const asked = new Set();
      const inFolder = readdirSync(folder).map((file) => join(folder, file));
      const load = (code) =>
        code.replace(dynamicImport, (_, _quote, target) => {
          const file = JSON.stringify(resolve(folder, target));
          asked.add(file);
          return `import('${name}').then(({ load }) => load(${file}))`;
        });
      const contents = new Map(inFolder.map((file) => [resolve(file), load(readFileSync(file, 'utf8'))]));
      onLoad({ filter: /\.ts$/ }, ({ path }) =>
        contents.has(path) ? { contents: contents.get(path), loader: 'ts' } : undefined,
      );
      onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: name, namespace: 'shared' }));
      onLoad({ filter: /.*/, namespace: 'shared' }, () => ({
        contents: `const files = { ${[...asked].map((file) => `${file}: () => require(${file})`)} };
          export const load = (file) => files[file]();`,
        loader: 'js',
        resolveDir: folder,
      }));
    },
  };
}

/**
 * Packages that stay outside the bundle are loaded when the first module that imports them runs, not with the file; modules of
 * Node (`node:...`) when the first of what they export is used. `scripts`: packages by
 * the script beside this one that has them.
 */
export function loadLater(names, scripts = {}) {
  const later = [...names, ...Object.values(scripts).flat()];
  const filter = new RegExp(`^(${later.map((name) => name.replace('*', '[^/]+')).join('|')})(/.*)?$`);
  const scriptOf = (name) => Object.keys(scripts).find((script) => scripts[script].includes(name));
  return {
    name: 'load-later',
    setup({ onLoad, onResolve }) {
      onResolve({ filter }, ({ path, kind, namespace }) =>
        kind === 'dynamic-import' || namespace === 'later'
          ? { path, external: true }
          : { path, namespace: 'later' },
      );
      onResolve({ filter: /^\.\//, namespace: 'later' }, ({ path }) => ({ path, external: true }));
      onLoad({ filter: /.*/, namespace: 'later' }, async ({ path }) => {
        const script = scriptOf(path);
        if (script) return { contents: `module.exports = require('./${script}.js').${path};` };
        const load = `require(${JSON.stringify(path)})`;
        if (!path.startsWith('node:')) return { contents: `module.exports = ${load};` };
        const exported = Object.keys(await import(path)).filter((name) => name !== 'default');
        const getters = exported.map((name) => `get ${name}() { return (loaded ??= ${load}).${name}; }`);
        return { contents: `let loaded; module.exports = { ${getters.join(', ')} };` };
      });
    },
  };
}
