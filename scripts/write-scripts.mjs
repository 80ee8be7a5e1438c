// Modules of a bundle as the scripts that src/cli/program-scripts.ts loads: functions of what Node gives a module.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { transform } from 'esbuild';

/** The name by which a script knows its place. */
export const placeOfScript = { 'import.meta.url': 'scriptUrl' };

export async function writeScripts({ outputFiles }) {
  for (const { path, text } of outputFiles) {
    const { code } = await transform(text, {
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      supported: { 'dynamic-import': false },
      minifySyntax: true,
      minifyWhitespace: true,
      // Node prints the line in which an error was thrown that nobody caught.
      lineLimit: 120,
      legalComments: 'none',
    });
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `(function(exports,require,module,scriptUrl){${ascii(code)}})`);
  }
}

/** What is left of other letters is in templates and regular expressions, which read the escape as the letter. */
function ascii(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
