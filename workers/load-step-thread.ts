/** What a thread starts with: loads step-thread.ts as a script of the program, which shares its files and what is compiled of them. */
import { pathToFileURL } from 'node:url';
import { ProgramScripts } from '../src/cli/program-scripts.ts';

const scripts = new ProgramScripts(pathToFileURL(__filename).href);

export default (scripts.load('step-thread') as typeof import('./step-thread.ts')).default;
