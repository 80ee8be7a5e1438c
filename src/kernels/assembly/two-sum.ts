/**
 * What a sum in float64 loses when a term is added, exactly: two-sum (Knuth, TAOCP 2, 4.2.2). Sums that keep it beside them are
 * compensated as Neumaier's are (1974). `next`: the rounded sum + term.
 */

// @ts-ignore: decorator
@inline
export function lostOf(sum: f64, term: f64, next: f64): f64 {
  const added = next - sum;
  return (sum - (next - added)) + (term - added);
}

/** Of two sums. */
// @ts-ignore: decorator
@inline
export function lostOfPair(sums: v128, terms: v128, next: v128): v128 {
  const added = f64x2.sub(next, sums);
  return f64x2.add(f64x2.sub(sums, f64x2.sub(next, added)), f64x2.sub(terms, added));
}
