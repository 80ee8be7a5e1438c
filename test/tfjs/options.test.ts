import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { UsageError } from '../../src/base/errors.ts';
import * as losses from '../../src/tfjs/index.ts';

type Factory = (...given: unknown[]) => unknown;
const factories = Object.entries(losses) as unknown as [string, Factory][];

test('there are eleven losses', () => expect(factories).toHaveLength(11));

test.each(factories)('%s cannot be taken for the loss itself', (name, factory) => {
  const y = tf.zeros([1, 2, 2, 1]);
  const asLoss = () => factory(y, y);
  expect(asLoss).toThrow(UsageError);
  expect(asLoss).toThrow(`write ${name}()(yTrue, yPred)`);
  y.dispose();
});

test.each(factories)('%s refuses a misspelt option and names the right one', (name, factory) => {
  const misspelt = () => factory({ perimage: true });
  expect(misspelt).toThrow(UsageError);
  expect(misspelt).toThrow(`${name} has no option "perimage"; did you mean "perImage"?`);
});

test('an option of another loss is refused, with those that there are', () => {
  expect(() => (losses.bceLoss as Factory)({ smooth: 2 })).toThrow(
    'bceLoss has no option "smooth" (it has convention, from, channels, perImage, ignoreLabel, classes)',
  );
});
