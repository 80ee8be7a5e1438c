// Writes the licence of every package whose code the bundles hold: what is shipped inside has to say whose it is.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The package's folder that an input of a bundle is in: after the last `node_modules/`, one name or a scope and a name. */
function packageFolder(input) {
  const [folder] = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? [];
  return folder;
}

/** Text of the licence: the package's own file, or ours for those that are published without one. */
function licenceText(folder, { name }) {
  const own = readdirSync(folder).find((file) => /^(licen[cs]e|copying)(\.(md|txt|mit))?$/i.test(file));
  if (own !== undefined) return readFileSync(join(folder, own), 'utf8').trim();
  const kept = new URL(`licences/${name.replace('/', '-')}.txt`, import.meta.url);
  if (existsSync(kept)) return readFileSync(kept, 'utf8').trim();
  throw new Error(
    `${name} has no licence file; add its text as scripts/licences/${name.replace('/', '-')}.txt`,
  );
}

/**
 * @param {readonly import('esbuild').Metafile[]} metafiles of the bundles
 * @param {string} target the file to write
 */
export function writeLicences(metafiles, target) {
  const folders = new Set(
    metafiles.flatMap(({ inputs }) => Object.keys(inputs).map(packageFolder)).filter((folder) => folder),
  );
  const entries = [...folders]
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => {
      const facts = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      return { title: `${facts.name} ${facts.version}`, text: licenceText(folder, facts) };
    })
    .sort((a, b) => (a.title < b.title ? -1 : 1));
  const line = '-'.repeat(80);
  const parts = entries.map(({ title, text }) => `${line}\n${title}\n${line}\n${text}\n`);
  writeFileSync(
    target,
    `The files of ${dirname(target)} hold code of these packages.\n\n${parts.join('\n')}`,
  );
}
