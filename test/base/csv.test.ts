import { expect, test } from 'vitest';
import { csvRecord, givenText } from '../../src/base/csv.ts';

test.each([
  ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
  ['@SUM(A1)', `'@SUM(A1)`],
  ['+1+cmd|x', `'+1+cmd|x`],
  ['-2+3', `'-2+3`],
  ['\t=1', `'\t=1`],
  [`'=A1`, `''=A1`],
  [`'tis`, `'tis`],
  ['-12', '-12'],
  ['+.5', '+.5'],
  ['case-1', 'case-1'],
  [-1.5, '-1.5'],
  [null, ''],
])('%j', (value, expected) => {
  expect(csvRecord([value])).toBe(`${expected}\r\n`);
  const field = expected.startsWith('"') ? expected.slice(1, -1).replaceAll('""', '"') : expected;
  expect(givenText(field)).toBe(value === null ? '' : String(value));
});
