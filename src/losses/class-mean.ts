import { exactSum } from '../statistics/exact-sum.ts';
import type { ClassMeasures } from './measures.ts';
import type { AllMeasures, ClassSelection, MulticlassCalculation } from './spec.ts';

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
  valueOf: (measures: ClassMeasures) => number | null,
): Pick<MulticlassCalculation, 'value' | 'meanOver'> {
  return {
    value(measures) {
      const names = selectClasses(measures, selection);
      const values: number[] = [];
      for (const name of names) {
        const value = valueOf(measures.classes[name]!);
        if (value === null) return null;
        values.push(value);
      }
      return values.length === 0 ? null : exactSum(values) / values.length;
    },
    meanOver: (measures) => selectClasses(measures, selection),
  };
}
