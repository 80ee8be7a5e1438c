import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { apiAnswers } from '../../../src/web/dashboard/api-description.ts';

type Answer = Record<string, unknown>;

/** Asks every address of the API, and holds the answers against its description and the schemas that it is made from. */
export async function follows(ask: (path: string) => Promise<Answer>, run: string): Promise<void> {
  const description = await ask('/api/openapi.json');
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema({ ...description, $id: 'api' } as object, 'api', false, false);
  for (const [path, { answer }] of Object.entries(apiAnswers)) {
    const given = await ask(path.replace('{run}', run));
    const { error } = answer.safeParse(given);
    expect(error?.issues ?? [], path).toEqual([]);
    const pointer = path
      .replaceAll('~', '~0')
      .replaceAll('/', '~1')
      .replaceAll('{', '%7B')
      .replaceAll('}', '%7D');
    const place = `api#/paths/${pointer}/get/responses/200/content/application~1json/schema`;
    const validate = ajv.compile({ $ref: place });
    validate(given);
    expect(validate.errors ?? [], path).toEqual([]);
    expect(validate({ ...given, unknown: 1 }), path).toBe(false);
  }
}
