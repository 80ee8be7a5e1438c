/** Entry point of a machine of the queue: the same as `voxtally worker`, with its flags. */
import { runProcess } from '../src/cli/run-process.ts';

await runProcess(['worker', ...process.argv.slice(2)]);
