import { expect, test } from 'vitest';
import { AuditSample } from '../../src/run/audit/sample.ts';
import { type AuditChoice, parseAudit } from '../../src/settings/audit-choice.ts';
import { configSchema } from '../../src/settings/schema.ts';

const plan = { index: 0, shape: [64, 64, 100], tileShape: [64, 64, 1] } as const;
const ids = Array.from({ length: 200 }, (_, i) => `case-${i}`);

function auditedTiles(
  choice: AuditChoice,
  caseIds: readonly string[],
  of: Parameters<AuditSample['tilesOf']>[0],
) {
  return new AuditSample(choice, caseIds).tilesOf(of);
}

test.each([
  ['all', 'all'],
  ['1%', { share: 0.01 }],
  ['0.5%', { share: 0.005 }],
  ['100%', { share: 1 }],
  ['12', { tiles: 12 }],
  ['none', undefined],
  ['0', undefined],
  ['0%', undefined],
  ['101%', undefined],
  ['-1%', undefined],
  ['1 %', undefined],
  ['1.5', undefined],
])('%s is read as %j', (text, choice) => {
  expect(parseAudit(text)).toEqual(choice);
  expect(configSchema.safeParse({ audit: text }).success).toBe(choice !== undefined || text === 'none');
});

test('a number in a file is a number of tiles', () => {
  expect(configSchema.parse({ audit: 12 }).audit).toBe('12');
});

test('a tile is chosen by its case and place, not by the order of the cases', () => {
  const chosen = auditedTiles({ share: 0.1 }, ids, { ...plan, index: 3 });
  const others = [...ids].reverse();
  expect(auditedTiles({ share: 0.1 }, others, { ...plan, index: others.indexOf('case-3') })).toEqual(chosen);
  expect(auditedTiles({ share: 0.1 }, ids, { ...plan, index: 4 })).not.toEqual(chosen);
  expect(chosen).toEqual([...chosen].sort((a, b) => a - b));
  expect(chosen.length).toBeGreaterThanOrEqual(10);
  expect(chosen.length).toBeLessThanOrEqual(11);
});

test('a share holds over many small cases, and one case alone gives a tile', () => {
  const small = { ...plan, tileShape: [64, 64, 25] } as const;
  const total = ids.reduce(
    (sum, _, index) => sum + auditedTiles({ share: 0.05 }, ids, { ...small, index }).length,
    0,
  );
  // 40 of 800 are expected; the standard deviation is below 6.
  expect(total).toBeGreaterThan(20);
  expect(total).toBeLessThan(60);
  expect(auditedTiles({ share: 0.0001 }, ['alone'], plan)).toHaveLength(1);
});

test('a number of tiles is spread over the cases', () => {
  const counts = ids.map((_, index) => auditedTiles({ tiles: 250 }, ids, { ...plan, index }).length);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(250);
  expect(new Set(counts)).toEqual(new Set([1, 2]));
  expect(auditedTiles({ tiles: 1000 }, ['alone'], plan)).toHaveLength(100);
});
