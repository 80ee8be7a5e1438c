/** Tails of the standard normal distribution. */

/** Below this the series of erf loses nothing; above it the continued fraction of erfc converges fast. */
const seriesLimit = 2;

/** The chance of a value at least `z` >= 0 away from 0: erfc(z/√2), to about 14 digits. */
export function normalTails(z: number): number {
  const x = z / Math.SQRT2;
  return x < seriesLimit ? 1 - erfBySeries(x) : erfcByFraction(x);
}

/** erf x = 2/√π · e^(-x²) · Σ 2^n x^(2n+1) / (1·3·5···(2n+1)) (Abramowitz and Stegun 7.1.6). */
function erfBySeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 2 ** -60; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** erfc x = e^(-x²)/√π · 1/(x + (1/2)/(x + (2/2)/(x + (3/2)/(x + ...)))) (7.1.14), from the inside out. */
function erfcByFraction(x: number): number {
  let value = x;
  for (let n = 200; n > 0; n--) value = x + n / 2 / value;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / value;
}
