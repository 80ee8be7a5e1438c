/** `/api` against its own description: of runs in memory here, of a real run in real-run.test.ts. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { apiAnswers, apiDescription } from '../../../src/web/dashboard/api-description.ts';
import { createDashboard } from '../../../src/web/dashboard/create-dashboard.ts';
import { follows } from './api-answers.ts';
import { bigRun, MemoryMonitor, someWorkers } from './memory-monitor.ts';

const monitor = new MemoryMonitor();
monitor.add(bigRun());
monitor.workerList = someWorkers();
const { app } = createDashboard({ monitor, ping: async () => 'PONG' });

type Answer = Record<string, unknown>;
interface Description extends Answer {
  readonly paths: Answer;
  readonly components: { readonly schemas: Answer };
}
const ask = async (path: string) => (await (await app.request(path)).json()) as Answer;

test('the description is served, and is OpenAPI 3.1 in which every reference leads somewhere', async () => {
  const description = (await ask('/api/openapi.json')) as Description;
  expect(description).toEqual(JSON.parse(JSON.stringify(apiDescription())));
  expect(description).toMatchObject({ openapi: '3.1.0', info: { title: expect.any(String) } });
  const references = [...JSON.stringify(description).matchAll(/"\$ref":"#\/([^"]+)"/g)];
  expect(references.length).toBeGreaterThan(10);
  for (const [, path] of references) {
    const part = path!.split('/').reduce((at: unknown, name) => (at as Answer)?.[name], description);
    expect(part, path).toBeTypeOf('object');
  }
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ ...description, $id: 'api' } as object, 'api', false, false);
  for (const name of Object.keys(description.components.schemas)) {
    ajv.compile({ $ref: `api#/components/schemas/${name}` });
  }
});

test('every address of the description answers as it says, and nothing else', async () => {
  await follows(ask, 'night-0412');
  const { paths } = (await ask('/api/openapi.json')) as Description;
  expect(Object.keys(paths)).toEqual([...Object.keys(apiAnswers), '/api/events']);
  expect((await app.request('/api/runs/none/reasons')).status).toBe(404);
  expect((await app.request('/api/runs/none/history')).status).toBe(404);
});
