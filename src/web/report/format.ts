/** Numbers as the report shows them. */

/** Four significant digits; a dash for a value that is undefined. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e7)
    return value.toExponential(2).replace('-', '−').replace('e−', 'e-').replace('e+', 'e');
  if (size >= 1000) return minus(integer(Math.round(value)));
  return minus(size >= 1 ? String(Number(value.toPrecision(4))) : value.toFixed(4));
}

/** A signed percentage: +3.1 %, −12 %. */
export function percent(value: number): string {
  const text = (100 * value).toFixed(Math.abs(value) < 0.0995 ? 1 : 0);
  return minus(`${value > 0 && Number(text) !== 0 ? '+' : ''}${Number(text) === 0 ? '0' : text} %`);
}

/** 1,234,567. Not by `toLocaleString`, which loads its tables for 20 ms in every run. */
export function integer(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 1 case, 2 cases, 3 classes. */
export function count(value: number, noun: string): string {
  const ending = value === 1 ? '' : noun.endsWith('s') ? 'es' : 's';
  return `${integer(value)} ${noun}${ending}`;
}

function minus(text: string): string {
  return text.replace('-', '−');
}
