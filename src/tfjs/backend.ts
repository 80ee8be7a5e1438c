import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../base/errors.ts';
import { firstLine, loadTfjsNode } from './tfjs-node.ts';
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
    const reason = tf.findBackend('tensorflow') === null ? loadTfjsNode() : undefined;
    if (reason === undefined && (await tf.setBackend('tensorflow'))) {
      return { name: 'tensorflow', description: `tfjs-node (TensorFlow ${tensorflowVersion()})` };
    }
    missing.push(
      `tfjs-node is not available: ${reason ?? 'its backend does not start'} (npm run setup:tf; of the package: node node_modules/voxtally/scripts/setup-tf.mjs)`,
    );
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
