import type { NumberParameter, Parameter, Parameters } from './definition.ts';
import type { ClassSelection, Convention, LossContext } from './spec.ts';

type Value = number | ClassSelection;

/** A value in its shortest text: the form in which it is in ids. */
export function textOf(value: Value): string {
  return typeof value === 'object' ? value.join('+') : String(value);
}

/** A parameter's default under a convention, in its shortest text. */
export function defaultText(parameter: Parameter, convention: Convention): string {
  return textOf(defaultOf(parameter, convention));
}

/**
 * Reads `alpha=0.3,beta=0.7` and adds the defaults; the order is the parameters' own.
 * @throws what `fault` makes of a problem.
 */
export function parseValues(
  parameters: Parameters,
  text: string,
  context: LossContext,
  fault: (problem: string) => Error,
): Record<string, Value> {
  const names = Object.keys(parameters);
  const given = new Map<string, Value>();
  for (const assignment of text.trim() === '' ? [] : text.split(',')) {
    const [, name, value] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/.exec(assignment) ?? [];
    if (name === undefined || value === undefined) {
      throw fault(`has "${assignment.trim()}" where parameter=value is expected; ${allowed(names)}`);
    }
    if (!Object.hasOwn(parameters, name)) throw fault(`has no parameter ${name}; ${allowed(names)}`);
    if (given.has(name)) throw fault(`gives ${name} twice`);
    const parameter = parameters[name]!;
    given.set(
      name,
      parameter.kind === 'number'
        ? parseNumber(name, value, parameter, fault)
        : parseClasses(name, value, context, fault),
    );
  }
  return Object.fromEntries(
    names.map((name) => [name, given.get(name) ?? defaultOf(parameters[name]!, context.convention)]),
  );
}

function defaultOf(parameter: Parameter, convention: Convention): Value {
  return parameter.kind === 'number' ? parameter.default[convention] : parameter.default;
}

function allowed(names: readonly string[]): string {
  return names.length === 0 ? 'it takes no parameters' : `its parameters are ${names.join(', ')}`;
}

function parseNumber(
  name: string,
  text: string,
  range: NumberParameter,
  fault: (problem: string) => Error,
): number {
  // Adding 0 makes -0 into 0, so that equal values have equal ids.
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) + 0 : Number.NaN;
  const { min, max, maxExcluded = false } = range;
  if (value >= min && (maxExcluded ? value < max : value <= max)) return value;
  const lower = `${name} >= ${min}`;
  const upper = max === Number.MAX_VALUE ? '' : ` and ${maxExcluded ? '<' : '<='} ${max}`;
  throw fault(`has ${name}=${text}; a number with ${lower}${upper} is expected`);
}

function parseClasses(
  name: string,
  text: string,
  context: LossContext,
  fault: (problem: string) => Error,
): ClassSelection {
  if (text === 'present' || text === 'all') return text;
  const chosen = [...new Set(text.split('+').map((entry) => entry.trim()))];
  const known = context.classNames;
  const wrong = chosen.find((entry) => entry === '' || (known !== undefined && !known.includes(entry)));
  if (wrong !== undefined) {
    const list = known === undefined ? 'class names' : known.join(', ');
    throw fault(`has ${name}=${text}; present, all, or names joined by + are expected, of ${list}`);
  }
  return known === undefined ? chosen : known.filter((entry) => chosen.includes(entry));
}
