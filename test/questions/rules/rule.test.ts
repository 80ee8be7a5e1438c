import { describe, expect, test } from 'vitest';
import type { RuleMeasure } from '../../../src/questions/rules/measures.ts';
import { parseRule, ruleTarget } from '../../../src/questions/rules/rule.ts';

const ofClasses = (name: string, kind: RuleMeasure['kind']): RuleMeasure => ({
  ...{ name, kind, id: name, ofClass: true, overClasses: false },
});
const measures: RuleMeasure[] = [
  ofClasses('dice', 'metric'),
  ofClasses('dice_loss', 'loss'),
  ofClasses('voxel.hd95.directed', 'shape'),
  ofClasses('surfel.nsd.1', 'shape'),
  ofClasses('surfel.nsd.2', 'shape'),
  { name: 'cross-entropy_loss', kind: 'loss', id: 'cross-entropy', ofClass: false, overClasses: true },
];
const scope = { measures, classes: ['tumour', 'left lung', 'a.b', '2'] };
const target = (text: string) => ruleTarget(parseRule(text), scope);

test('a rule has a statistic, a measure, an operator and a number', () => {
  expect(parseRule(' mean  dice<0.8 ')).toEqual({
    ...{
      text: 'mean  dice<0.8',
      statistic: 'mean',
      subject: 'dice',
      subjectAt: 7,
      operator: '<',
      limit: 0.8,
    },
  });
  expect(parseRule('hd95 >= 1e1')).toMatchObject({ statistic: undefined, operator: '>=', limit: 10 });
  expect(parseRule('MAX a<b > -.5')).toMatchObject({ statistic: 'max', subject: 'a<b', limit: -0.5 });
});

test.each([
  ['dice < 1', 'dice', undefined, 'mean'],
  ['Dice.tumour < 1', 'dice', 'tumour', 'mean'],
  ['min dice.left lung < 1', 'dice', 'left lung', 'min'],
  ['median dice.a.b < 1', 'dice', 'a.b', 'median'],
  ['dice_loss > 1', 'dice_loss', undefined, 'mean'],
  ['hd95 > 1', 'voxel.hd95.directed', undefined, 'mean'],
  ['hd95.tumour > 1', 'voxel.hd95.directed', 'tumour', 'mean'],
  ['voxel.hd95.directed.tumour > 1', 'voxel.hd95.directed', 'tumour', 'mean'],
  ['nsd < 1', 'surfel.nsd.1', undefined, 'mean'],
  ['nsd.2 < 1', 'surfel.nsd.2', undefined, 'mean'],
  ['nsd.2.2 < 1', 'surfel.nsd.2', '2', 'mean'],
])('%s is about %s of %s', (text, name, className, statistic) => {
  expect(target(text)).toMatchObject({ kind: 'measure', measure: { name }, className, statistic });
});

test.each(['failed', 'incomplete', 'scored', 'cases'])('%s is a number of cases', (count) => {
  expect(target(`${count} > 0`)).toEqual({ kind: 'count', count });
});

describe('mistakes name their place, and what there is', () => {
  test.each([
    ['', 1, 'expected <'],
    ['mean dice', 10, 'expected <, <=, > or >= and a number'],
    ['dice => 1', 6, 'expected <, <=, > or >='],
    ['dice == 1', 6, 'expected <, <=, > or >='],
    ['dice < ', 8, 'expected a number'],
    ['dice < 80%', 8, 'expected a number'],
    ['< 1', 1, 'expected a measure'],
    ['mean < 1', 5, 'expected a measure'],
    ['mean dise < 1', 6, 'not a measure of this run (dice, dice_loss, hd95, nsd.1'],
    ['mean dise < 1', 6, 'Did you mean dice?'],
    ['dice.tumor < 1', 6, '(tumour, left lung, a.b, 2). Did you mean tumour?'],
    ['cross-entropy_loss.tumour > 1', 20, 'one value over all classes'],
    ['mean failed > 0', 1, 'has no mean'],
  ])('%s: character %i, %s', (text, place, what) => {
    let message = '';
    try {
      target(text);
    } catch (error) {
      expect(error).toMatchObject({ code: 'rule-invalid' });
      ({ message } = error as Error);
    }
    expect(message).toContain(`character ${place}: `);
    expect(message).toContain(what);
  });

  test('what is not measured is said with the option that measures it', () => {
    const plain = { ...scope, measures: measures.slice(0, 2) };
    expect(() => ruleTarget(parseRule('hd95 > 1'), plain)).toThrow('add --measures overlap,boundary');
    expect(() => ruleTarget(parseRule('lesions.f1 < 1'), plain)).toThrow('add --measures overlap,lesions');
  });
});
