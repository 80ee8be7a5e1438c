import { Observable } from 'rxjs';

/**
 * Works on at most `lanes` items at a time and pulls an item only when a lane is free, which `mergeMap` does not: it
 * takes in all that its source has. Results come as they are ready. On an error or when unsubscribed nothing more is
 * pulled, and `signal` is aborted for the work that goes on.
 */
export function mapConcurrently<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  lanes: number,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): Observable<R> {
  return new Observable((subscriber) => {
    const abort = new AbortController();
    const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    const lane = async () => {
      while (!subscriber.closed) {
        const next = await iterator.next();
        if (next.done || subscriber.closed) return;
        subscriber.next(await work(next.value, abort.signal));
      }
    };
    Promise.all(Array.from({ length: lanes }, lane)).then(
      () => subscriber.complete(),
      (error) => subscriber.error(error),
    );
    return () => abort.abort();
  });
}
