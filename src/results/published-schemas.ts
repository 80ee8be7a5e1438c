/** The JSON Schemas in docs/, made from the schemas that check the documents and give their types. */
import * as z from 'zod';
import { resultsSchema } from './document.ts';

export const publishedSchemas: readonly { readonly file: string; readonly schema: z.ZodType }[] = [
  { file: 'results.schema.json', schema: resultsSchema },
];

/** The text of the file in docs/. */
export function schemaText(schema: z.ZodType): string {
  return `${JSON.stringify(z.toJSONSchema(schema), undefined, 2)}\n`;
}
