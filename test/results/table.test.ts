import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { RunOutcome } from '../../src/base/scored.ts';
import { parseLosses } from '../../src/losses/registry.ts';
import { buildResults } from '../../src/results/build.ts';
import { resultsTable } from '../../src/results/table.ts';
import { binaryRun, exclusiveRun, failedRun } from './outcome.ts';

const documentOf = (run: RunOutcome, losses = 'dice,lovasz-softmax') =>
  buildResults(
    run,
    parseLosses(losses, { convention: 'pytorch', scores: run.scores, channels: run.channels }),
    {
      convention: 'pytorch',
    },
  );

test('shows means, the worst cases and the cases without a score', () => {
  const lines = resultsTable(documentOf(binaryRun()), { width: 120, color: false });
  expect(lines[0]).toBe('3 of 5 cases scored, 1 failed, 1 incomplete, scores: probability, pytorch');
  expect(lines[2]).toMatch(/^class +measure +mean +sd +median +q1 +q3 +cases +undef +pooled$/);
  expect(lines.find((line) => line.includes('hard dice'))).toMatch(
    /lesion +hard dice +0\.7500 +0\.3536 .* 2 +1 +0\.7500$/,
  );
  const worst = lines.findIndex((line) => line.startsWith('lowest dice'));
  expect(lines[worst + 1]).toMatch(/0\.5000 +lesion +bad, "very"$/);
  expect(lines).toContain('broken  failed: NaN at [1,0,0]\u{fffd}in "x", 1');
  expect(lines).toContain('torn  incomplete: tile 3 is missing');
});

test('keeps to the width and adds nothing but emphasis in color', () => {
  const document = documentOf(exclusiveRun(), 'all');
  const plain = resultsTable(document, { width: 60, color: false });
  expect(Math.max(...plain.map((line) => line.length))).toBe(60);
  const colored = resultsTable(document, { width: 60, color: true });
  expect(colored).not.toEqual(plain);
  expect(colored.map(stripVTControlCharacters)).toEqual(plain);
});

test('shows the means over classes where there are many', () => {
  const run = exclusiveRun();
  const names = Array.from({ length: 40 }, (_, i) => `organ ${i}`);
  const measures = Object.fromEntries(names.map((name) => [name, run.pooled!.classes['1']!]));
  const [only] = run.cases;
  const many: RunOutcome = {
    scores: 'probability',
    channels: 'independent',
    classes: names.map((name) => ({ name, labels: [1] })),
    cases: [{ ...only!, classes: measures } as RunOutcome['cases'][number]],
    pooled: { classes: measures },
  };
  const lines = resultsTable(documentOf(many), { width: 100, color: false });
  expect(lines.length).toBeLessThan(20);
  expect(lines.some((line) => /^mean of 40 +dice +0\./.test(line))).toBe(true);
});

test('has a table of nothing when every case failed', () => {
  const lines = resultsTable(documentOf(failedRun()), { width: 80, color: false, worst: 1 });
  expect(lines[0]).toContain('0 of 2 cases scored');
  expect(lines.at(-1)).toBe('and 1 more');
});

test('a case name cannot steer the terminal', () => {
  const run = binaryRun();
  const evil = { ...run.cases[3]!, id: '\u001b[2Jgone\u202e' };
  const lines = resultsTable(documentOf({ ...run, cases: [evil] as RunOutcome['cases'] }), {
    width: 80,
    color: false,
  });
  for (const steering of ['\u001b', '\u202e']) expect(lines.join('')).not.toContain(steering);
  expect(lines.join('')).toContain('\u{fffd}[2Jgone\u{fffd}');
});
