// Writes the published JSON Schemas in docs/ from the schemas that the types come from: after a build.
import { writeFileSync } from 'node:fs';
import { publishedSchemas, schemaText } from '../dist/src/cli/published-schemas.js';

for (const { file, schema } of publishedSchemas) writeFileSync(`docs/${file}`, schemaText(schema));
