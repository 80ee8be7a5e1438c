import { UsageError } from '../base/errors.ts';
import { onlyRun, runAddress } from '../web/viewer/address.ts';

/**
 * What `--viewer-url` gives as the address of a run in the viewer, as `lookUpAddress` takes it: `voxtally view` prints one
 * without a path, in a dashboard a run has its own.
 * @throws UsageError for what is not an address of a web page.
 */
export function viewerOf(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new UsageError(
      'option-value',
      `--viewer-url: given "${given}"; allowed: an address such as http://127.0.0.1:8718/, which voxtally view prints`,
      { field: 'viewer-url' },
    );
  }
  const [run] = /^\/runs\/[^/]+/.exec(url.pathname) ?? [runAddress(onlyRun)];
  return `${url.origin}${run}/`;
}
