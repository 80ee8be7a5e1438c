import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { UsageError } from '../base/errors.ts';
import { faultsOfLosses } from './loss-list.ts';
import { describeMistakes } from './mistakes.ts';
import { type Config, configSchema } from './schema.ts';

type Settings = Readonly<Record<string, unknown>>;

/**
 * The settings of a run: the defaults, overridden by the user's file (YAML or JSON), overridden by flags.
 * The groups `tile` and `redis` are overridden setting by setting, every other setting as a whole.
 * Flags are not believed to be of the right type: text forms such as `'64,64,32'` are read by the schema.
 *
 * @throws UsageError that lists every mistake with its path, what was given and what is allowed.
 */
export function loadConfig(options: { readonly file?: string; readonly flags?: Settings } = {}): Config {
  const fromFile = options.file === undefined ? {} : readSettings(options.file);
  const fromFlags = dropUndefined(options.flags ?? {});
  const source = (path: readonly PropertyKey[]) =>
    hasPath(fromFlags, path) ? 'flag' : (options.file ?? 'settings');

  const parsed = configSchema.safeParse(override(fromFile, fromFlags), {
    reportInput: true,
    jitless: true,
  });
  const mistakes = parsed.success ? conflicts(parsed.data) : describeMistakes(parsed.error.issues, source);
  if (mistakes.length > 0 || !parsed.success) {
    throw new UsageError('config-invalid', listMistakes(mistakes), {
      ...(options.file === undefined ? {} : { file: options.file }),
    });
  }
  return parsed.data;
}

/** Settings that are right alone and contradict each other. */
function conflicts(config: Config): string[] {
  const { classes, ignoreLabel } = config;
  const ignored = Object.entries(classes ?? {})
    .filter(([, labels]) => ignoreLabel !== null && labels.includes(ignoreLabel))
    .map(
      ([name]) =>
        `classes.${name}: holds label ${ignoreLabel}, which ignoreLabel leaves out; drop one of them`,
    );
  return [...ignored, ...faultsOfLosses(config)];
}

function readSettings(file: string): Settings {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError('config-unreadable', `${file}: cannot read the configuration file`, { file, cause });
  }
  const { parseDocument } = createRequire(import.meta.url)('yaml') as typeof import('yaml');
  const document = parseDocument(text.replace(/^\uFEFF/, ''), { prettyErrors: true });
  const [fault] = document.errors;
  if (fault) throw new UsageError('config-syntax', `${file}: ${fault.message}`, { file, cause: fault });
  const settings: unknown = document.toJS() ?? {};
  if (!isPlainObject(settings)) {
    throw new UsageError('config-syntax', `${file}: must hold a map of settings, such as "scores: logit"`, {
      file,
    });
  }
  return settings;
}

function override(below: Settings, above: Settings): Settings {
  const merged: Record<string, unknown> = { ...below, ...above };
  for (const group of ['tile', 'redis']) {
    const [a, b] = [below[group], above[group]];
    if (isPlainObject(a) && isPlainObject(b)) merged[group] = { ...a, ...b };
  }
  return merged;
}

function hasPath(settings: Settings, path: readonly PropertyKey[]): boolean {
  let value: unknown = settings;
  for (const key of path.slice(0, 2)) {
    if (!isPlainObject(value)) return true;
    if (!Object.hasOwn(value, key)) return false;
    value = value[String(key)];
  }
  return true;
}

function dropUndefined(settings: Settings): Settings {
  return Object.fromEntries(
    Object.entries(settings)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, isPlainObject(value) ? dropUndefined(value) : value]),
  );
}

function isPlainObject(value: unknown): value is Settings {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function listMistakes(mistakes: readonly string[]): string {
  return mistakes.length === 1
    ? `configuration: ${mistakes[0]}`
    : ['configuration:', ...mistakes.map((mistake) => `  - ${mistake}`)].join('\n');
}
