/**
 * The values of all promises, once every one has settled: work that goes on after its case has failed would meet files that are
 * removed. Rejects as the first of those that reject in their order, whichever was first in time.
 */
export async function allDone<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  return (await Promise.allSettled(promises)).map((settled) => {
    if (settled.status === 'rejected') throw settled.reason;
    return settled.value;
  });
}
