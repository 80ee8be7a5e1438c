/** The lesions that were missed or invented, the largest first: the list to look at in the morning. */
import { parse } from 'csv-parse/sync';
import * as z from 'zod';
import { givenText } from '../../base/csv.ts';
import type { Lesion, LesionStatus } from '../../results/shapes/lesion-list.ts';
import { localStore } from '../../run/open-store.ts';
import { readText } from '../../run/records.ts';
import { type Fragment, html } from '../dashboard/html.ts';
import { count, figure, integer } from './format.ts';
import { lookLink, viewerHint } from './look-link.ts';

const mostListed = 30;

/** What is told of a lesion. */
type ListedLesion = Pick<Lesion, 'case' | 'class' | 'status' | 'ml' | 'voxels' | 'centreVoxel'>;

export interface LesionSection {
  /** Numbers of all lesions by status. */
  readonly counts: Readonly<Record<LesionStatus, number>>;
  /** Missed and invented ones, the largest first. */
  readonly wrong: readonly ListedLesion[];
}

/** A run may have millions of lesions: of these only the largest are held. */
class LesionBook {
  readonly #counts = { found: 0, missed: 0, matched: 0, invented: 0 };
  #wrong: ListedLesion[] = [];

  add(lesion: ListedLesion): void {
    this.#counts[lesion.status]++;
    if (lesion.status === 'missed' || lesion.status === 'invented') this.#wrong.push(lesion);
    if (this.#wrong.length >= 100 * mostListed) this.#wrong = this.#largest();
  }

  section(): LesionSection {
    return { counts: this.#counts, wrong: this.#largest() };
  }

  /** Stable: lesions of one size stay in their order. */
  #largest(): ListedLesion[] {
    return this.#wrong.sort((a, b) => b.ml - a.ml).slice(0, mostListed);
  }
}

export function lesionsOf(lesions: Iterable<Lesion>): LesionSection {
  const book = new LesionBook();
  for (const lesion of lesions) book.add(lesion);
  return book.section();
}

const lesionRow = z.object({
  case: z.string().transform(givenText),
  class: z.string().transform(givenText),
  status: z.enum(['found', 'missed', 'matched', 'invented']),
  ml: z.coerce.number(),
  voxels: z.coerce.number(),
  voxel_x: z.coerce.number(),
  voxel_y: z.coerce.number(),
  voxel_z: z.coerce.number(),
});

/** From lesions.csv; undefined where the run did not look for lesions. */
export function readLesions(outDir: string): LesionSection | undefined {
  const text = readText(localStore(outDir), 'lesions.csv');
  if (text === undefined) return undefined;
  const book = new LesionBook();
  let sound = true;
  parse(text, {
    columns: true,
    on_record: (record: unknown) => {
      const { data: row } = lesionRow.safeParse(record);
      if (row === undefined) sound = false;
      else {
        const { voxel_x, voxel_y, voxel_z, ...lesion } = row;
        book.add({ ...lesion, centreVoxel: [voxel_x, voxel_y, voxel_z] });
      }
      return null;
    },
  });
  return sound ? book.section() : undefined;
}

export function lesionSection(section: LesionSection | undefined, viewer: string | undefined): Fragment {
  if (!section) return null;
  const { counts, wrong } = section;
  const total = counts.missed + counts.invented;
  return html`<section id="lesions" aria-labelledby="lesions-title">
<div class="head"><h2 id="lesions-title">Missed and invented lesions <span class="quiet">${integer(total)}</span></h2>${total > 0 && html`<button type="button" data-csv-of="lesions-table" data-needs-script hidden>Download CSV</button>`}</div>
<p class="basis">Of ${count(counts.found + counts.missed, 'lesion')} of the references ${integer(counts.missed)} touch no prediction (missed); of ${count(counts.matched + counts.invented, 'component')} of the predictions ${integer(counts.invented)} touch no reference (invented). The largest first${total > wrong.length && `, ${integer(wrong.length)} of them`}; <code>lesions.csv</code> has all.${viewerHint(viewer)}</p>
${
  wrong.length > 0 &&
  html`<div class="scroll cue" tabindex="0" role="region" aria-label="Missed and invented lesions"><table id="lesions-table" class="stack" data-sortable><caption class="visually-hidden">The largest lesions that were missed or invented</caption>
<thead><tr><th scope="col">Case</th><th scope="col">Class</th><th scope="col">What</th><th scope="col" class="number">Volume, ml</th><th scope="col" class="number">Voxels</th><th scope="col" class="number">Centre, voxel [x, y, z]</th></tr></thead>
<tbody>${wrong.map(
    (lesion) =>
      html`<tr><th scope="row" class="name">${lookLink(viewer, { id: lesion.case, class: lesion.class, voxel: lesion.centreVoxel }, lesion.case)}</th><td class="name" data-label="Class">${lesion.class}</td><td data-label="What">${lesion.status}</td><td class="number" data-label="Volume, ml" data-value="${lesion.ml}">${figure(lesion.ml)}</td><td class="number" data-label="Voxels" data-value="${lesion.voxels}">${integer(lesion.voxels)}</td><td class="number" data-label="Centre, voxel">${lesion.centreVoxel.join(', ')}</td></tr>`,
  )}</tbody></table></div>`
}
</section>`;
}
