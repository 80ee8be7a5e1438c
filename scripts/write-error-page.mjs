// Writes docs/errors.md from the table of error codes: after a build.
import { writeFileSync } from 'node:fs';
import { errorPage } from '../dist/src/cli/error-page.js';

writeFileSync('docs/errors.md', errorPage());
