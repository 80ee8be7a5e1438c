import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorCodes } from '../../src/base/error-codes.ts';
import { errorPage } from '../../src/cli/error-page.ts';

test('docs/errors.md is up to date: npm run errors writes it', () => {
  expect(readFileSync('docs/errors.md', 'utf8')).toBe(errorPage());
});

test('every code leads to a page that is there, at a heading that is there', () => {
  const lost = Object.entries(errorCodes).filter(([, [, , page]]) => {
    const [file, heading] = page.split('#');
    const text = readFileSync(join('docs', file!), 'utf8');
    return heading !== undefined && !headingsOf(text).includes(heading);
  });
  expect(lost).toEqual([]);
});

test('no code is in the table that nothing uses', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('error-codes.ts'))
    .map((name) => readFileSync(join('src', name), 'utf8'))
    .join('\n');
  const unused = Object.keys(errorCodes).filter(
    (code) => !sources.includes(`'${code}'`) && !sources.includes(`  ${code}: `) && !/^loss-/.test(code),
  );
  expect(unused).toEqual([]);
});

/** Headings as GitHub makes anchors of them. */
function headingsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
