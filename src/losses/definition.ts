import type {
  ClassCalculation,
  ClassSelection,
  Convention,
  LossContext,
  MulticlassCalculation,
} from './spec.ts';

/** A number that the user may set: `min <= value <= max`, or `value < max` where that is excluded. */
export interface NumberParameter {
  readonly kind: 'number';
  readonly default: Readonly<Record<Convention, number>>;
  readonly min: number;
  readonly max: number;
  readonly maxExcluded?: boolean;
}

/** A selection of classes that the user may set: `present`, `all`, or names joined by `+`. */
export interface ClassesParameter {
  readonly kind: 'classes';
  readonly default: 'present' | 'all';
}

export type Parameter = NumberParameter | ClassesParameter;
export type Parameters = Readonly<Record<string, Parameter>>;

/** Values of parameters, by name. */
export type ValuesOf<P extends Parameters> = {
  readonly [Name in keyof P]: P[Name] extends NumberParameter
    ? number
    : P[Name] extends ClassesParameter
      ? ClassSelection
      : number | ClassSelection;
};

export type Calculation = ClassCalculation | MulticlassCalculation;

/** A loss as the registry knows it. */
export interface LossDefinition<P extends Parameters = Parameters> {
  readonly name: string;
  /** Forms that bear the same name; a bare name means all of them. */
  readonly forms?: readonly string[];
  /** In canonical order. */
  readonly parameters: P;
  /** Why such scores cannot have this loss; undefined where they can. */
  refusal(context: LossContext): string | undefined;
  calculations(values: ValuesOf<P>, form: string | undefined, context: LossContext): readonly Calculation[];
}

/** Keeps a definition's parameters typed inside it and hides their types from the registry. */
export function defineLoss<const P extends Parameters>(definition: LossDefinition<P>): LossDefinition {
  return definition as unknown as LossDefinition;
}

/** Added to numerator and denominator. The listings: 1 in PyTorch, 1e-6 in Keras. */
export const smooth: NumberParameter = {
  kind: 'number',
  default: { pytorch: 1, keras: 1e-6 },
  min: 0,
  max: Number.MAX_VALUE,
};

/** Scores are clipped to `[clip, 1 - clip]` before the logarithm; 0 clamps the logarithm at -100 instead. */
export const clip: NumberParameter = {
  kind: 'number',
  default: { pytorch: 0, keras: 1e-7 },
  min: 0,
  max: 0.5,
  maxExcluded: true,
};

/** A number with the same default in both conventions; at least 0. */
export function number(value: number, max = Number.MAX_VALUE): NumberParameter {
  return { kind: 'number', default: { pytorch: value, keras: value }, min: 0, max };
}

/** For losses of counts and soft sums, which every kind of score has. */
export function anyScores(): undefined {
  return undefined;
}

/** For losses that take logarithms of scores. */
export function notLabels(context: LossContext): string | undefined {
  return context.scores === 'label'
    ? 'a label map holds no probabilities to take the logarithm of'
    : undefined;
}
