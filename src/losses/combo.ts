import type { ClassSums } from '../base/class-sums.ts';
import { quotient, sidedSum } from './arithmetic.ts';
import { clip, defineLoss, notLabels, number } from './definition.ts';
import { diceCoefficient } from './dice.ts';

/** `ratio` weighs cross-entropy against Dice, `alpha` foreground against background; both in [0, 1]. */
interface ComboParameters {
  readonly ratio: number;
  readonly alpha: number;
  readonly smooth: number;
  readonly clip: number;
}

/** `r·W - (1-r)·D` of a weighted cross-entropy `W = (w_fg·Σ_fg + w_bg·Σ_bg) / n` and the Dice coefficient D. */
function weighted(
  m: ClassSums,
  p: ComboParameters,
  foregroundWeight: number,
  backgroundWeight: number,
): number | null {
  const sum = sidedSum(m, { gamma: 0, clip: p.clip });
  const entropy = quotient(foregroundWeight * sum.foreground + backgroundWeight * sum.background, m.voxels);
  const overlap = diceCoefficient(m, p.smooth);
  return entropy === null || overlap === null ? null : p.ratio * entropy - (1 - p.ratio) * overlap;
}

/** The authors' code: `W = mean(-α·(t·log p + (1-α)(1-t)·log(1-p)))`, α on both terms; `null` without voxels. */
export function comboOfCode(m: ClassSums, p: ComboParameters): number | null {
  return weighted(m, p, p.alpha, p.alpha * (1 - p.alpha));
}

/** The article's listing: that of the code, negated as printed, so that it is a score (higher is better). */
export function comboOfArticle(m: ClassSums, p: ComboParameters): number | null {
  const loss = comboOfCode(m, p);
  return loss === null ? null : -loss;
}

/** The paper: `W' = mean(-(α·t·log p + (1-α)(1-t)·log(1-p)))`; `null` without voxels. Taghanaki et al., 2019. */
export function comboOfPaper(m: ClassSums, p: ComboParameters): number | null {
  return weighted(m, p, p.alpha, 1 - p.alpha);
}

const formulas = { article: comboOfArticle, code: comboOfCode, paper: comboOfPaper };

/** The source fixes smoothing and clip whatever the convention. */
export const combo = defineLoss({
  name: 'combo',
  forms: Object.keys(formulas),
  parameters: {
    ratio: number(0.5, 1),
    alpha: number(0.5, 1),
    smooth: number(1),
    clip: { ...clip, default: { pytorch: 1e-9, keras: 1e-9 } },
  },
  refusal: notLabels,
  calculations: (values, form) => {
    const formula = formulas[form as keyof typeof formulas];
    return [{ scope: 'class', terms: [{ gamma: 0, clip: values.clip }], value: (m) => formula(m, values) }];
  },
});
