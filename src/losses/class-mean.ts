import { exactSum } from '../base/statistics/exact-sum.ts';
import type { AllMeasures, ClassCalculation, ClassSelection, MulticlassCalculation } from './spec.ts';

/** Names of the classes that a selection holds, in the order of the measures. */
export function selectClasses(measures: AllMeasures, selection: ClassSelection): string[] {
  const all = Object.entries(measures.classes);
  const chosen = all.filter(([name, m]) => {
    if (selection === 'all') return true;
    return selection === 'present' ? m.foreground > 0 : selection.includes(name);
  });
  return chosen.map(([name]) => name);
}

/** Mean over the selected classes of a value of each; `null` if there is no class or a value is undefined. */
export function meanOverClasses(
  selection: ClassSelection,
  valueIn: ClassCalculation['value'],
): Pick<MulticlassCalculation, 'value' | 'meanOver'> {
  return {
    value(measures) {
      const names = selectClasses(measures, selection);
      const values: number[] = [];
      for (const name of names) {
        const value = valueIn(measures.classes[name]!, measures.competing?.[name]);
        if (value === null) return null;
        values.push(value);
      }
      return values.length === 0 ? null : exactSum(values) / values.length;
    },
    meanOver: (measures) => selectClasses(measures, selection),
  };
}
