import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import nodeUtil from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import { repairWasmConv3d } from './wasm-conv3d.ts';

/** What computes the tensors of this process. */
export interface Backend {
  /** tfjs' own name: `tensorflow` is tfjs-node. */
  readonly name: 'tensorflow' | 'wasm' | 'cpu';
  /** A sentence for logs: what runs, and why nothing better does. */
  readonly description: string;
}

/**
 * Selects the fastest backend that this Node process can have, or the one that is named: tfjs-node, else WASM, else plain
 * JavaScript. Call it on the main thread before any worker thread loads tfjs-node: loaded first in a worker, it can crash at exit.
 * @throws UsageError when the backend that is named cannot be loaded.
 */
export async function useBackend(wanted?: Backend['name']): Promise<Backend> {
  const missing: string[] = [];
  if (wanted === undefined || wanted === 'tensorflow') {
    const reason = loadTfjsNode();
    if (reason === undefined && (await tf.setBackend('tensorflow'))) {
      return { name: 'tensorflow', description: `tfjs-node (TensorFlow ${tensorflowVersion()})` };
    }
    missing.push(`tfjs-node is not available: ${reason ?? 'its backend does not start'} (npm run setup:tf)`);
  }
  if (wanted === undefined || wanted === 'wasm') {
    const reason = await loadWasm();
    if (reason === undefined && (await tf.setBackend('wasm'))) {
      return { name: 'wasm', description: ['the WASM backend', ...missing].join('; ') };
    }
    missing.push(`the WASM backend is not available: ${reason ?? 'it does not start'}`);
  }
  if (wanted === undefined || wanted === 'cpu') {
    await tf.setBackend('cpu');
    return {
      name: 'cpu',
      description: ['the plain JavaScript backend, which is slow', ...missing].join('; '),
    };
  }
  throw new UsageError('tfjs-backend', missing.join('; '), { field: 'backend' });
}

/** Loads tfjs-node, which registers its backend with the engine of the process. Returns why it could not. */
function loadTfjsNode(): string | undefined {
  if (tf.findBackend('tensorflow') !== null) return undefined;
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

async function loadWasm(): Promise<string | undefined> {
  try {
    await import('@tensorflow/tfjs-backend-wasm');
    repairWasmConv3d();
    return undefined;
  } catch (error) {
    return firstLine(error);
  }
}

function tensorflowVersion(): string {
  const { binding } = tf.backend() as unknown as { binding?: { TF_Version?: string } };
  return binding?.TF_Version ?? 'of unknown version';
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0]?.trim() ?? '';
}
