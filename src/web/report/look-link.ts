/** Links to the viewer: each case of a report at the voxel that it is about. */
import { type Fragment, html, type Markup } from '../dashboard/html.ts';
import { lookUpAddress, type NamedPlace } from '../viewer/address.ts';

/** Text that leads to a place in the viewer; the text alone where the report has no viewer. */
export function lookLink(viewer: string | null | undefined, place: NamedPlace, text: Fragment): Fragment {
  if (viewer === null || viewer === undefined) return text;
  return html`<a href="${lookUpAddress(viewer, place)}">${text}</a>`;
}

/** How a report without links gets them. */
export function viewerHint(viewer: string | null | undefined): Markup | undefined {
  if (viewer !== null && viewer !== undefined) return undefined;
  return html` In the folder of this report <code>voxtally view .</code> shows it with a link to the volumes at every case.`;
}
