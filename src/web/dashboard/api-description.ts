/** The description of `/api` in OpenAPI 3.1, made from the schemas that the types of its answers come from. */
import * as z from 'zod';
import { packageVersion } from '../../base/package-files.ts';
import {
  casePageSchema,
  failureReasonSchema,
  historySchema,
  pooledSoFarSchema,
  queueDepthSchema,
  runStatusSchema,
  workerStatusSchema,
} from '../../engines/status.ts';
import { caseStatuses, casesPerPage } from './query.ts';

/** What each address answers with. A test asks a real run for all of them. */
export const apiAnswers = {
  '/api/runs': {
    summary: 'All runs, newest first; at most 200.',
    answer: z.strictObject({ runs: z.array(runStatusSchema) }),
  },
  '/api/runs/{run}': { summary: 'One run.', answer: runStatusSchema },
  '/api/runs/{run}/cases': {
    summary: `The cases of a run in the order of its manifest, ${casesPerPage} a page; pages count from 1.`,
    answer: casePageSchema,
  },
  '/api/runs/{run}/reasons': {
    summary: 'Why cases have no score, the commonest reason first.',
    answer: z.strictObject({ reasons: z.array(failureReasonSchema) }),
  },
  '/api/runs/{run}/pooled': {
    summary: 'Values over all voxels of the scored cases, so far or final.',
    answer: pooledSoFarSchema,
  },
  '/api/runs/{run}/history': {
    summary: 'What was done of a run when; of the last 24 hours while it goes on.',
    answer: historySchema,
  },
  '/api/history': { summary: 'What was done by all runs in the last 24 hours.', answer: historySchema },
  '/api/queues': {
    summary: 'What waits in the queues.',
    answer: z.strictObject({ queues: z.array(queueDepthSchema) }),
  },
  '/api/workers': {
    summary: 'Workers, those that are silent or gone among them.',
    answer: z.strictObject({ workers: z.array(workerStatusSchema) }),
  },
} as const satisfies Readonly<Record<string, { readonly summary: string; readonly answer: z.ZodType }>>;

const faultSchema = z.strictObject({ error: z.string() }).meta({ id: 'Fault' });

type Json = Readonly<Record<string, unknown>>;

export function apiDescription(): Json {
  const schemas: Record<string, unknown> = {};
  /** A schema whose parts with names are among the components. */
  const described = (schema: z.ZodType): unknown => {
    const { $schema: _, $defs = {}, id: __, ...own } = z.toJSONSchema(schema) as Json & { $defs?: Json };
    for (const [name, part] of Object.entries($defs)) schemas[name] ??= inComponents(part);
    const { id: name } = schema.meta() ?? {};
    if (name === undefined) return inComponents(own);
    schemas[name] ??= inComponents(own);
    return { $ref: `#/components/schemas/${name}` };
  };
  const json = (description: string, schema: z.ZodType) => ({
    description,
    content: { 'application/json': { schema: described(schema) } },
  });
  const faults = {
    '400': { ...json('A parameter is not one.', faultSchema) },
    '404': { ...json('No such run.', faultSchema) },
  };
  const common = {
    '401': { description: 'A password or token is needed.' },
    '503': { description: 'Redis does not answer.' },
  };
  const paths = Object.entries(apiAnswers).map(([path, { summary, answer }]) => {
    const parameters = [
      ...(path.includes('{run}') ? [runParameter] : []),
      ...(path.endsWith('/cases') ? caseParameters : []),
    ];
    const operation = {
      operationId: operationId(path),
      summary,
      ...(parameters.length > 0 && { parameters }),
      responses: {
        '200': json('The answer.', answer),
        ...(path.endsWith('/cases') && { '400': faults['400'] }),
        ...(path.includes('{run}') && { '404': faults['404'] }),
        ...common,
      },
    };
    return [path, { get: operation }] as const;
  });
  const run = described(runStatusSchema);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Voxtally dashboard',
      version: packageVersion(),
      summary: 'Runs, cases, workers and queues, read only.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ password: [] }, { token: [] }, {}],
    paths: {
      ...Object.fromEntries(paths),
      '/api/events': {
        get: {
          operationId: 'events',
          summary:
            'Server-sent events: one named run for each change, with the run as its data; one of them, or all.',
          parameters: [{ ...runParameter, in: 'query', required: false }],
          responses: {
            '200': { description: 'The stream.', content: { 'text/event-stream': { schema: run } } },
            '404': faults['404'],
            ...common,
          },
        },
      },
    },
    components: {
      schemas,
      securitySchemes: {
        password: { type: 'http', scheme: 'basic', description: 'Any user name.' },
        token: { type: 'http', scheme: 'bearer' },
      },
    },
  };
}

const runParameter = {
  name: 'run',
  in: 'path',
  required: true,
  description: 'Id of a run.',
  schema: { type: 'string' },
} as const;

const caseParameters = [
  { name: 'status', in: 'query', required: false, schema: { type: 'string', enum: [...caseStatuses] } },
  { name: 'page', in: 'query', required: false, schema: { type: 'integer', minimum: 1, default: 1 } },
] as const;

/** `/api/runs/{run}/cases`: runCases. */
function operationId(path: string): string {
  const words = path.replace('/api/', '').replace('runs/{run}', 'run').split('/');
  return words.map((word, at) => (at === 0 ? word : word[0]!.toUpperCase() + word.slice(1))).join('');
}

function inComponents(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'), (key, value) =>
    key === 'id' && typeof value === 'string' ? undefined : value,
  );
}
