import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import nodeUtil from 'node:util';

/**
 * Loads tfjs-node, which registers its backend with the engine of the process or thread. Returns why it could not.
 * A process whose threads use it loads it on the main thread first: loaded first in a thread, it can crash at exit.
 */
export function loadTfjsNode(): string | undefined {
  restoreUtil();
  // Read by TensorFlow as it loads: no start-up lines, and sums that do not depend on the processor's oneDNN kernels.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '0';
  const places = [import.meta.url, pathToFileURL(path.join(process.cwd(), 'package.json')).href];
  let reason = '';
  for (const place of places) {
    try {
      createRequire(place)('@tensorflow/tfjs-node');
      return undefined;
    } catch (error) {
      reason = firstLine(error);
    }
  }
  return reason;
}

/** tfjs-node 4.22 calls two functions that Node 23 took out of `util`. */
function restoreUtil(): void {
  const util = nodeUtil as unknown as Record<string, unknown>;
  util.isNullOrUndefined = (value: unknown) => value === null || value === undefined;
  util.isArray = Array.isArray;
}

/** The first line of an error's message. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0]?.trim() ?? '';
}
