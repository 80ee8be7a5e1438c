/** The JSON Schemas in docs/, made from the schemas that check the documents and give their types. */
import * as z from 'zod';
import { comparisonSchema } from '../questions/compare/types.ts';
import { resultsSchema } from '../results/document.ts';
import { runSchema } from '../results/run-document.ts';
import { auditSchema } from '../run/audit/report.ts';
import { noticeSchema } from './notify/notice.ts';

export const publishedSchemas: readonly { readonly file: string; readonly schema: z.ZodType }[] = [
  { file: 'results.schema.json', schema: resultsSchema },
  { file: 'run.schema.json', schema: runSchema },
  { file: 'audit.schema.json', schema: auditSchema },
  { file: 'comparison.schema.json', schema: comparisonSchema },
  { file: 'notice.schema.json', schema: noticeSchema },
];

/** The text of the file in docs/. */
export function schemaText(schema: z.ZodType): string {
  return `${JSON.stringify(z.toJSONSchema(schema), undefined, 2)}\n`;
}
