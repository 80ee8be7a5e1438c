import { UsageError } from '../base/errors.ts';
import { bce } from './bce.ts';
import { bceDice } from './bce-dice.ts';
import { combo } from './combo.ts';
import { crossEntropy } from './cross-entropy.ts';
import type { LossDefinition } from './definition.ts';
import { dice } from './dice.ts';
import { focal } from './focal.ts';
import { focalTversky } from './focal-tversky.ts';
import { iou, iouBinary } from './iou.ts';
import { jaccard } from './jaccard.ts';
import { lovaszHinge, lovaszSoftmax } from './lovasz.ts';
import { defaultText, parseValues, textOf } from './parameters.ts';
import type { LossContext, LossSpec } from './spec.ts';
import { tversky } from './tversky.ts';

const definitions: readonly LossDefinition[] = [
  dice,
  bce,
  bceDice,
  jaccard,
  focal,
  tversky,
  focalTversky,
  lovaszHinge,
  lovaszSoftmax,
  combo,
  crossEntropy,
  iouBinary,
  iou,
];

/** Names of all losses, in the order of the documentation. */
export const lossNames: readonly string[] = definitions.map((definition) => definition.name);

/**
 * The losses that a text names: `all` (whatever the scores admit) or a list such as
 * `dice,tversky(alpha=0.3,beta=0.7),focal:voxel(gamma=1.5),combo`. A bare name of a loss with forms means all its
 * forms; what is named twice counts once. Parameters are `smooth`, `clip`, `alpha`, `beta`, `gamma`, `ratio` and
 * `classes` (`present`, `all`, or names joined by `+`), as far as the loss has them.
 * @throws UsageError naming the faulty piece and what is allowed.
 */
export function parseLosses(text: string, context: LossContext): LossSpec[] {
  const specs = new Map<string, LossSpec>();
  for (const piece of splitPieces(text)) {
    for (const spec of parsePiece(piece, context)) specs.set(`${spec.scope} ${spec.id}`, spec);
  }
  return [...specs.values()];
}

/** Splits at the commas outside parentheses. */
function splitPieces(text: string): string[] {
  const pieces: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++;
    if (text[i] === ')') depth--;
    if (depth < 0 || depth > 1) throw fault('syntax', text, 'has parentheses that do not match');
    if (text[i] === ',' && depth === 0) {
      pieces.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  if (depth !== 0) throw fault('syntax', text, 'has parentheses that do not match');
  pieces.push(text.slice(start).trim());
  if (pieces.includes('')) {
    throw fault('syntax', text, `has an empty entry; write all or a list of ${lossNames.join(', ')}`);
  }
  return pieces;
}

function parsePiece(piece: string, context: LossContext): LossSpec[] {
  if (piece === 'all') {
    const admitted = definitions.filter((definition) => definition.refusal(context) === undefined);
    return admitted.flatMap((definition) => makeSpecs(definition, undefined, '', piece, context));
  }
  const match = /^([^:()]*?)(?:\s*:\s*([^:()]*?))?\s*(?:\(([^()]*)\))?$/.exec(piece);
  if (!match) {
    throw fault('syntax', piece, 'is not of the form name, name:form or name(parameter=value,...)');
  }
  const [, name, form, parameters] = match;
  const definition = definitions.find((candidate) => candidate.name === name);
  if (!definition) {
    throw fault('unknown', piece, `names no loss; there are all, ${lossNames.join(', ')}`);
  }
  if (form !== undefined && !definition.forms?.includes(form)) {
    const known = definition.forms ? `its forms are ${definition.forms.join(', ')}` : 'it has no forms';
    throw fault('form', piece, `names no form of ${name}; ${known}`);
  }
  const refusal = definition.refusal(context);
  if (refusal !== undefined) throw fault('unavailable', piece, `is unavailable here: ${refusal}`);
  return makeSpecs(definition, form, parameters, piece, context);
}

function makeSpecs(
  definition: LossDefinition,
  form: string | undefined,
  parameterText: string | undefined,
  piece: string,
  context: LossContext,
): LossSpec[] {
  const params = parseValues(definition.parameters, parameterText ?? '', context, (problem) =>
    fault('parameter', piece, problem),
  );
  const changed = Object.entries(definition.parameters)
    .filter(([name, parameter]) => textOf(params[name]!) !== defaultText(parameter, context.convention))
    .map(([name]) => `${name}=${textOf(params[name]!)}`);
  const suffix = changed.length === 0 ? '' : `(${changed.join(',')})`;
  const forms = form === undefined ? (definition.forms ?? [undefined]) : [form];
  return forms.flatMap((form) => {
    const label = form === undefined ? definition.name : `${definition.name}:${form}`;
    const identity = {
      id: label + suffix,
      name: definition.name,
      ...(form !== undefined && { form }),
      params,
    };
    return definition
      .calculations(params, form, context)
      .map((calculation): LossSpec => ({ ...identity, ...calculation }));
  });
}

function fault(
  kind: 'form' | 'parameter' | 'syntax' | 'unavailable' | 'unknown',
  piece: string,
  problem: string,
): UsageError {
  return new UsageError(`loss-${kind}`, `losses: "${piece}" ${problem}`, { field: 'losses' });
}
