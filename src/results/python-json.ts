/** JSON as Python's `json.dump(value, indent=4, sort_keys=True)` writes it, byte for byte. */

/** A Python float, which keeps its point (`1.0`) where a plain number stands for an int (`1`). */
export class PythonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export type PythonValue =
  | string
  | number
  | PythonFloat
  | readonly PythonValue[]
  | { readonly [key: string]: PythonValue };

export function pythonJson(value: PythonValue, indent = ''): string {
  if (typeof value === 'string') return pythonString(value);
  if (typeof value === 'number') return String(BigInt(value));
  if (value instanceof PythonFloat) return pythonFloat(value.value);
  const inner = `${indent}    `;
  if (Array.isArray(value)) {
    const items = value.map((item: PythonValue) => inner + pythonJson(item, inner));
    return items.length === 0 ? '[]' : `[\n${items.join(',\n')}\n${indent}]`;
  }
  const entries = Object.entries(value)
    .sort(([a], [b]) => compareCodePoints(a, b))
    .map(([key, item]) => `${inner}${pythonString(key)}: ${pythonJson(item, inner)}`);
  return entries.length === 0 ? '{}' : `{\n${entries.join(',\n')}\n${indent}}`;
}

/** The text of an object in pieces, a piece at least for each item of the lists in it, which may be made on the way. */
export function* pythonPieces(
  value: Readonly<Record<string, PythonValue | Iterable<PythonValue>>>,
): Generator<string> {
  const inner = '    ';
  let open = '{';
  for (const [key, item] of Object.entries(value).sort(([a], [b]) => compareCodePoints(a, b))) {
    yield `${open}\n${inner}${pythonString(key)}: `;
    open = ',';
    if (isList(item)) yield* listPieces(item, inner);
    else yield pythonJson(item, inner);
  }
  yield open === '{' ? '{}' : '\n}';
}

function* listPieces(items: Iterable<PythonValue>, indent: string): Generator<string> {
  const inner = `${indent}    `;
  let open = '[';
  for (const item of items) {
    yield `${open}\n${inner}${pythonJson(item, inner)}`;
    open = ',';
  }
  yield open === '[' ? '[]' : `\n${indent}]`;
}

function isList(value: PythonValue | Iterable<PythonValue>): value is Iterable<PythonValue> {
  return typeof value === 'object' && Symbol.iterator in value;
}

/** `repr` of a float: the shortest digits that round-trip, with an exponent below 1e-4 and from 1e16 on. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const magnitude = Math.abs(value);
  if (magnitude >= 1e-4 && magnitude < 1e16) {
    const text = String(value);
    return Number.isInteger(value) ? `${text}.0` : text;
  }
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

/** Strings compare by code points in Python, by UTF-16 units in JavaScript; they differ beyond U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = a.codePointAt(i)! - b.codePointAt(i)!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

/** Everything but printable ASCII is escaped, a character beyond U+FFFF as its two surrogates. */
function pythonString(text: string): string {
  const escaped = text.replace(
    /["\\]|[^ -~]/g,
    (unit) => shortEscapes[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${escaped}"`;
}
