import * as tf from '@tensorflow/tfjs';
import { type Backend, useBackend } from '../../src/tfjs/backend.ts';

/**
 * Backends that the tests run on: WASM always, tfjs-node where it loads. The choice is printed, so that a log shows what was
 * tested; with VOXTALLY_REQUIRE_TFJS_NODE=1 the absence of tfjs-node is an error.
 */
export const backends: readonly Backend['name'][] = await availableBackends();

async function availableBackends(): Promise<Backend['name'][]> {
  tf.env().set('PROD', true);
  const wasm = await useBackend('wasm');
  const best =
    process.env.VOXTALLY_REQUIRE_TFJS_NODE === '1' ? await useBackend('tensorflow') : await useBackend();
  console.log(
    best.name === 'wasm'
      ? `tested on ${best.description}`
      : `tested on ${wasm.description} and ${best.description}`,
  );
  return best.name === 'wasm' ? ['wasm'] : ['wasm', best.name];
}
