import { connectNow } from '../engines/redis/connection.ts';
import { Control } from '../engines/redis/control.ts';
import { openPlaces } from '../engines/redis/places.ts';
import { loadConfig } from '../settings/load-config.ts';
import { settingsFromFlags } from './setting-flags.ts';

/** Does something with the runs of the queue that flags and settings name. @throws MachineError without a server */
export async function withControl<T>(
  options: { readonly config?: string },
  work: (control: Control) => Promise<T>,
): Promise<T> {
  const { redis: settings } = loadConfig({
    ...(options.config === undefined ? {} : { file: options.config }),
    flags: settingsFromFlags({ ...options }),
  });
  const redis = await connectNow(settings);
  const control = new Control(redis, settings.prefix, openPlaces(settings.workRoot));
  try {
    return await work(control);
  } finally {
    await control.close();
    redis.disconnect();
  }
}
