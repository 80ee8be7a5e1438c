/** Borders and lesions on the terminal: one row per class, a few measures; results.json has them all. */
import type { ResultsDocument } from '../document.ts';
import { figure } from '../layout.ts';
import type { ShapesAsked } from './document.ts';

interface Column {
  /** The measure in `shapes.measures`. */
  readonly name: string;
  readonly heading: string;
}

export interface ShapeTable {
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

/** Means over cases; undefined where neither borders nor lesions were asked for. The first row is the head. */
export function shapeTable({ shapes, classes, means }: ResultsDocument): ShapeTable | undefined {
  if (!shapes) return undefined;
  const columns = shapes.measures.flatMap(({ name }) => {
    const heading = headingOf(name);
    return heading === undefined ? [] : [{ name, heading }];
  });
  if (columns.length === 0) return undefined;
  const summaryOf = (name: string, measure: string) => means.classes[name]?.shapes?.[measure];
  return {
    rows: [
      ['class', ...columns.map(({ heading }) => heading)],
      ...classes.map(({ name }) => [
        name,
        ...columns.map((column) => figure(summaryOf(name, column.name)?.mean ?? null)),
      ]),
      [
        'foreground mean',
        ...columns.map(({ name }) => figure(means.foreground.shapes?.[name]?.mean ?? null)),
      ],
    ],
    notes: [
      ...ruleNotes(shapes, columns),
      ...columns.flatMap(({ name, heading }: Column) => {
        const undefinedIn = classes.flatMap((each) => {
          const { count = 0, undefined: none = 0 } = summaryOf(each.name, name) ?? {};
          return none > 0 ? [`${each.name} in ${none} of ${count + none} cases`] : [];
        });
        if (undefinedIn.length === 0) return [];
        const rest = undefinedIn.length - mostNamed;
        const more = rest > 0 ? ` and ${rest} more classes` : '';
        return [`undefined ${heading.slice(0, -1)}: ${undefinedIn.slice(0, mostNamed).join(', ')}${more}`];
      }),
    ],
  };
}

/** What stands for distances that are undefined, where a run says so. */
function ruleNotes({ emptyDistance }: ShapesAsked, columns: readonly Column[]): string[] {
  if (emptyDistance === null || !columns.some(({ heading }) => heading.includes(' mm↓'))) return [];
  const rule = emptyDistance === 'diagonal' ? "the length of the volume's diagonal" : `${emptyDistance} mm`;
  return [`distances where exactly one mask is empty: ${rule} (--empty-distance)`];
}

/** Classes that a note names. */
const mostNamed = 4;

/** The heading of a measure that is shown. `↓`: the lower the better. */
function headingOf(name: string): string | undefined {
  const percentile = /^voxel\.hd([\d.]+)\.directed$/.exec(name)?.[1];
  if (percentile !== undefined) return `HD${percentile} mm↓`;
  const toleranceMm = /^surfel\.nsd\.([\d.]+)$/.exec(name)?.[1];
  if (toleranceMm !== undefined) return `NSD ${toleranceMm} mm↑`;
  return others[name];
}

const others: Readonly<Record<string, string>> = {
  'voxel.assd': 'ASSD mm↓',
  'lesions.sensitivity': 'lesions found↑',
  'lesions.precision': 'lesion precision↑',
  'lesions.brats.dice': 'lesion Dice↑',
  'lesions.brats.hd95': 'lesion HD95 mm↓',
};
