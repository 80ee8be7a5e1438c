/** The schemas in docs/ are those that the types come from, and what the commands write follows them. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, expect, test } from 'vitest';
import { publishedSchemas, schemaText } from '../../src/cli/published-schemas.ts';
import { openFinishedRun } from '../../src/questions/ask/finished-run.ts';
import { compareRuns } from '../../src/questions/compare/compare.ts';
import { mergeRuns } from '../../src/questions/merge/merge.ts';
import { golden } from '../support/golden.ts';
import { pair, score } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
const docs = (file: string) =>
  JSON.parse(readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8'));

beforeAll(async () => {
  const good = pair('a', golden('prob_f32.nii'), golden('prob_f32_ref.nii'));
  const cases = [
    { ...good, image: good.reference },
    { ...good, id: 'gone', predictions: [folder('gone.nii')] },
  ];
  await score(cases, { threshold: 0.3, audit: '1', losses: 'all' }, folder('run'));
  await mergeRuns({ runs: [openFinishedRun(folder('run'))], outDir: folder('merged'), without: ['gone'] });
});

test.each(publishedSchemas)('$file is up to date: npm run schemas writes it', ({ file, schema }) => {
  expect(docs(file)).toEqual(JSON.parse(schemaText(schema)));
});

test.each([
  ['results.schema.json', 'run/results.json'],
  ['results.schema.json', 'merged/results.json'],
  ['run.schema.json', 'run/run.json'],
  ['run.schema.json', 'merged/run.json'],
  ['audit.schema.json', 'run/audit.json'],
])('%s describes %s', (schema, file) => {
  follows(schema, JSON.parse(readFileSync(folder(file), 'utf8')));
});

test('comparison.schema.json describes a comparison', () => {
  const run = openFinishedRun(folder('run'));
  follows('comparison.schema.json', JSON.parse(JSON.stringify(compareRuns(run, run, { resamples: 100 }))));
});

function follows(file: string, document: unknown): void {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, validateFormats: false });
  const validate = ajv.compile(docs(file));
  validate(document);
  expect(validate.errors ?? []).toEqual([]);
  const unknown = { ...(document as object), extra: 1 };
  expect(validate(unknown)).toBe(false);
  expect(validate({ ...(document as object), version: 99 })).toBe(false);
}
