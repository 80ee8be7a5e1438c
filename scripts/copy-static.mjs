// Copies the files that the dashboard serves beside the compiled modules that read them.
import { cpSync } from 'node:fs';

cpSync('src/dashboard/static', 'dist/src/dashboard/static', { recursive: true });
