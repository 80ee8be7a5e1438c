/** What a rule may name: the measures of a run by the names of tables, short names of distances, and its classes. */
import { hardMetricNames } from '../../losses/metrics/hard.ts';
import type { ResultsDocument } from '../../results/document.ts';
import { lossColumn } from '../../results/names.ts';
import { shapeMeasures } from '../../results/shapes/measures.ts';
import { lossesOf } from '../../settings/resolve-settings.ts';
import type { RunSettings } from '../../settings/run-settings.ts';

export interface RuleMeasure {
  /** As in `cases.csv`: `dice`, `dice_loss`, `voxel.hd95.directed`. */
  readonly name: string;
  readonly kind: 'metric' | 'loss' | 'shape';
  /** Its key in `results.json`. */
  readonly id: string;
  /** Whether a class has a value of its own, and whether there is one over the competing classes. */
  readonly ofClass: boolean;
  readonly overClasses: boolean;
}

export interface RuleScope {
  readonly measures: readonly RuleMeasure[];
  /** Undefined while only the files know them: every label that is found is a class then. */
  readonly classes: readonly string[] | undefined;
}

/** What a run with these settings will have. */
export function scopeOfSettings(settings: RunSettings): RuleScope {
  const losses = lossesOf(settings).map(({ id, scope }) => ({ id, scope, column: lossColumn(id) }));
  const shapes = settings.shapes ? shapeMeasures(settings.shapes) : [];
  const { classes } = settings;
  return {
    measures: measuresOf(losses, shapes),
    classes: classes.length === 0 ? undefined : classes.map(({ name }) => name),
  };
}

/** What a finished run has. */
export function measuresOfResults({ losses, shapes }: ResultsDocument): RuleMeasure[] {
  return measuresOf(losses, shapes?.measures ?? []);
}

function measuresOf(
  losses: readonly Pick<ResultsDocument['losses'][number], 'id' | 'scope' | 'column'>[],
  shapes: readonly { readonly name: string }[],
): RuleMeasure[] {
  const has = (id: string, scope: 'class' | 'multiclass') =>
    losses.some((loss) => loss.id === id && loss.scope === scope);
  const columns = new Map(losses.map(({ id, column }) => [column, id]));
  return [
    ...hardMetricNames.map((name) => ofClasses(name, 'metric')),
    ...shapes.map(({ name }) => ofClasses(name, 'shape')),
    ...[...columns].map(([name, id]): RuleMeasure => {
      return { name, kind: 'loss', id, ofClass: has(id, 'class'), overClasses: has(id, 'multiclass') };
    }),
  ];
}

function ofClasses(name: string, kind: RuleMeasure['kind']): RuleMeasure {
  return { name, kind, id: name, ofClass: true, overClasses: false };
}

/** Short names of distances, as the report has them: `hd95` is `voxel.hd95.directed`, `nsd` the first tolerance of surfels. */
export function shortName({ kind, name }: RuleMeasure): string | undefined {
  if (kind !== 'shape') return undefined;
  const [, percentile] = /^voxel\.(hd[\d.]+)\.directed$/.exec(name) ?? [];
  const [, distance] = /^voxel\.(hd|assd|masd)$/.exec(name) ?? [];
  const [, tolerance] = /^surfel\.(nsd\.[\d.]+)$/.exec(name) ?? [];
  return percentile ?? distance ?? tolerance;
}
