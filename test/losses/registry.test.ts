import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/base/errors.ts';
import { parseLosses } from '../../src/losses/registry.ts';
import { type LossContext, neededLovasz, neededTerms } from '../../src/losses/spec.ts';

const probability: LossContext = { convention: 'pytorch', scores: 'probability', channels: 'exclusive' };
const logit: LossContext = { convention: 'pytorch', scores: 'logit', channels: 'independent' };
const label: LossContext = { convention: 'keras', scores: 'label', channels: 'exclusive' };

const ids = (text: string, context: LossContext) => parseLosses(text, context).map((loss) => loss.id);
const distinct = (text: string, context: LossContext) => [...new Set(ids(text, context))];

describe('parseLosses', () => {
  test('all is whatever the scores admit', () => {
    const sums = ['dice', 'bce', 'bce-dice', 'jaccard', 'focal:mean-bce', 'focal:voxel', 'focal:lin'];
    const tversky = ['tversky', 'focal-tversky'];
    const combo = ['combo:article', 'combo:code', 'combo:paper'];
    expect(distinct('all', probability)).toEqual([
      ...sums,
      ...tversky,
      'lovasz-softmax',
      ...combo,
      ...['cross-entropy', 'iou-binary', 'iou'],
    ]);
    expect(distinct('all', logit)).toEqual([
      ...sums,
      ...tversky,
      ...['lovasz-hinge', 'lovasz-softmax'],
      ...combo,
      'iou-binary',
    ]);
    expect(distinct('all', label)).toEqual([
      ...['dice', 'jaccard', 'tversky', 'focal-tversky', 'lovasz-softmax', 'iou-binary', 'iou'],
    ]);
    expect(distinct('all', { ...logit, channels: 'exclusive' })).toContain('cross-entropy');
  });

  test.each([
    ['dice', ['dice']],
    [' dice , bce ', ['dice', 'bce']],
    ['dice,dice', ['dice']],
    ['combo', ['combo:article', 'combo:code', 'combo:paper']],
    ['focal:voxel(gamma=1.50)', ['focal:voxel(gamma=1.5)']],
    ['focal : voxel ( gamma = 2 )', ['focal:voxel']],
    ['tversky(beta=0.7,alpha=.3)', ['tversky(alpha=0.3,beta=0.7)']],
    ['tversky(alpha=5e-1)', ['tversky']],
    ['dice(smooth=1e-6),dice(smooth=-0)', ['dice(smooth=0.000001)', 'dice(smooth=0)']],
    ['focal(gamma=1)', ['focal:mean-bce(gamma=1)', 'focal:voxel(gamma=1)', 'focal:lin(gamma=1)']],
    ['combo:paper(clip=1e-7)', ['combo:paper(clip=1e-7)']],
    ['dice,all', undefined],
  ])('%s', (text, expected) => {
    if (expected) expect(ids(text, probability)).toEqual(expected);
    else expect(new Set(ids(text, probability))).toEqual(new Set(ids('all', probability)));
  });

  test('what is a default depends on the convention', () => {
    expect(ids('dice(smooth=1e-6)', { ...probability, convention: 'keras' })).toEqual(['dice']);
    expect(ids('dice(smooth=1)', { ...probability, convention: 'keras' })).toEqual(['dice(smooth=1)']);
    expect(parseLosses('bce', { ...probability, convention: 'keras' })[0]).toMatchObject({
      params: { clip: 1e-7 },
      terms: [{ gamma: 0, clip: 1e-7 }],
    });
    const combos = parseLosses('combo', { ...probability, convention: 'keras' });
    expect(combos[0]!.params).toEqual({ ratio: 0.5, alpha: 0.5, smooth: 1, clip: 1e-9 });
  });

  test('a selection of classes is checked and put in order', () => {
    const context = { ...probability, classNames: ['WT', 'TC', 'ET'] };
    expect(distinct('lovasz-softmax(classes=ET+WT)', context)).toEqual(['lovasz-softmax(classes=WT+ET)']);
    expect(distinct('lovasz-softmax(classes=present)', context)).toEqual(['lovasz-softmax']);
    expect(() => parseLosses('lovasz-softmax(classes=WT+XX)', context)).toThrow(/of WT, TC, ET$/);
  });

  test('one name may give a value for each class and one over all', () => {
    const scopes = parseLosses('lovasz-softmax', probability).map(({ id, scope }) => `${id} ${scope}`);
    expect(scopes).toEqual(['lovasz-softmax class', 'lovasz-softmax multiclass']);
  });

  test.each([
    ['', probability, /empty entry; write all or a list of dice, bce/],
    ['dice,,bce', probability, /empty entry/],
    ['dyce', probability, /"dyce" names no loss; there are all, dice, bce/],
    ['Dice', probability, /"Dice" names no loss/],
    ['dice:mean', probability, /"dice:mean" names no form of dice; it has no forms/],
    ['focal:mean', probability, /its forms are mean-bce, voxel, lin/],
    ['dice(smooth=1', probability, /parentheses that do not match/],
    ['dice)smooth(', probability, /parentheses that do not match/],
    ['dice((smooth=1))', probability, /parentheses that do not match/],
    ['dice(smooth=1)x', probability, /is not of the form name, name:form/],
    [
      'dice(smooth)',
      probability,
      /has "smooth" where parameter=value is expected; its parameters are smooth/,
    ],
    ['dice(alpha=1)', probability, /has no parameter alpha; its parameters are smooth/],
    ['dice(constructor=1)', probability, /has no parameter constructor/],
    ['iou(smooth=1)', probability, /it takes no parameters/],
    ['dice(smooth=1,smooth=2)', probability, /gives smooth twice/],
    ['dice(smooth=one)', probability, /has smooth=one; a number with smooth >= 0 is expected/],
    ['dice(smooth=-1)', probability, /smooth >= 0/],
    ['dice(smooth=0x10)', probability, /has smooth=0x10/],
    ['dice(smooth=1e999)', probability, /has smooth=1e999/],
    ['bce(clip=0.5)', probability, /clip >= 0 and < 0.5/],
    ['focal(alpha=1.1)', probability, /alpha >= 0 and <= 1/],
    ['lovasz-softmax(classes=)', probability, /present, all, or names joined by \+/],
    ['bce', label, /"bce" is unavailable here: a label map holds no probabilities/],
    ['combo:paper', label, /is unavailable here/],
    ['lovasz-hinge', probability, /made of logits, and the scores are of kind probability/],
    [
      'lovasz-hinge',
      { ...logit, channels: 'exclusive' as const },
      /binary loss, and the channels are exclusive/,
    ],
    ['cross-entropy', logit, /needs competing classes/],
    ['iou', logit, /iou-binary scores each channel/],
  ])('%s is refused', (text, context, message) => {
    let caught: unknown;
    try {
      parseLosses(text, context);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(UsageError);
    expect((caught as UsageError).message).toMatch(message);
    expect((caught as UsageError).place.field).toBe('losses');
  });
});

test('needs are collected once each', () => {
  const all = parseLosses('all,focal:voxel(gamma=1.5)', logit);
  expect(neededTerms(all)).toEqual([
    { gamma: 0, clip: 0 },
    { gamma: 0, clip: 1e-9 },
    { gamma: 1.5, clip: 0 },
    { gamma: 2, clip: 0 },
  ]);
  expect(neededLovasz(all)).toEqual(new Set(['hinge', 'softmax']));
  const labels = parseLosses('all', label);
  expect(neededTerms(labels)).toEqual([]);
  expect(neededLovasz(labels).size).toBe(0);
});
