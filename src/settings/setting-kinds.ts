/** What a setting is for. `--resume`, `merge` and the identity of stored work ask here, and keep no lists of their own. */
import type { RunSettings } from './run-settings.ts';

/** `value`: changes what is computed; `work`: how work is cut; `keeping`: what stays behind or is checked besides. */
export type SettingKind = 'value' | 'work' | 'keeping';

const kinds: Readonly<Record<keyof RunSettings, SettingKind>> = {
  scores: 'value',
  channels: 'value',
  channelCount: 'value',
  classes: 'value',
  labelNames: 'value',
  ignoreLabel: 'value',
  unknownLabels: 'value',
  convention: 'value',
  losses: 'value',
  terms: 'value',
  lovasz: 'value',
  crossEntropyClip: 'value',
  threshold: 'value',
  fbeta: 'value',
  probabilityTolerance: 'value',
  clamp: 'value',
  reorient: 'value',
  geometryToleranceMm: 'value',
  channelLabels: 'value',
  scale: 'value',
  roundLabels: 'value',
  // These refuse cases and change no value.
  allowIdentical: 'work',
  decisions: 'work',
  scoresFound: 'work',
  tileShape: 'work',
  tileVoxels: 'work',
  bundleVoxels: 'work',
  stageAboveBytes: 'work',
  mergeFanIn: 'work',
  keepShards: 'keeping',
  keepShardsMaxBytes: 'keeping',
  shapes: 'value',
  audit: 'keeping',
};

/** The settings of these kinds that differ, in the order of the list above. */
export function differingSettings(
  a: RunSettings,
  b: RunSettings,
  ...of: readonly SettingKind[]
): (keyof RunSettings)[] {
  return settingsOf(...of).filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]));
}

export function settingsOf(...of: readonly SettingKind[]): (keyof RunSettings)[] {
  return (Object.keys(kinds) as (keyof RunSettings)[]).filter((name) => of.includes(kinds[name]));
}
