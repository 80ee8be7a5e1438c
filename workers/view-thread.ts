/** Entry point of the thread that reads what is shown of cases. */
import type { MessagePort } from 'node:worker_threads';
import { packError } from '../src/base/packed-error.ts';
import type { ViewMessage, ViewRequest } from '../src/web/viewer/case-reader.ts';
import { openVolumes } from '../src/web/viewer/open-volumes.ts';
import { readView } from '../src/web/viewer/read-view.ts';

/** Errors are returned, not thrown: a thrown one would lose its class and fields on the way to the other thread. */
export default async function view({
  request,
  port,
}: {
  readonly request: ViewRequest;
  readonly port: MessagePort;
}): Promise<unknown> {
  const tell = (message: ViewMessage) => port.postMessage(message);
  try {
    const { volumes, rule } = await openVolumes(request);
    tell('opened');
    return { value: await readView(volumes, { part: request.part, rule, class: request.class }, tell) };
  } catch (error) {
    return { error: packError(error) };
  } finally {
    port.close();
  }
}
