/** Names of what is measured of shapes, of the settings that it has, and of the challenges whose rules are known. */

export const measureNames = ['overlap', 'boundary', 'lesions'] as const;
export type MeasureName = (typeof measureNames)[number];

/** Voxels are neighbours that share a face (6), an edge too (18), a corner too (26). */
export const connectivities = [6, 18, 26] as const;
export type Connectivity = (typeof connectivities)[number];

export interface BratsRule {
  /** How often a lesion is dilated by its 18-neighbourhood. */
  readonly dilation: number;
  /** Lesions of at most so many mm^3 are left out. */
  readonly minMm3: number;
}

/** The rules of the BraTS challenges, by name. */
export const bratsPresets = {
  'brats-gli': { dilation: 3, minMm3: 50 },
  'brats-ssa': { dilation: 3, minMm3: 50 },
  'brats-ped': { dilation: 3, minMm3: 50 },
  'brats-men': { dilation: 1, minMm3: 50 },
  'brats-met': { dilation: 1, minMm3: 2 },
} as const satisfies Record<string, BratsRule>;
export type BratsPreset = keyof typeof bratsPresets;
export const presetNames = Object.keys(bratsPresets) as [BratsPreset, ...BratsPreset[]];

/** What each setting is of. */
const settingsOf = {
  boundary: ['percentiles', 'nsdTolerancesMm', 'emptyDistance'],
  lesions: ['connectivity', 'matchIou', 'lesionPreset'],
} as const;
export const shapeQuestions = [...settingsOf.boundary, ...settingsOf.lesions] as const;
export type ShapeQuestionName = (typeof shapeQuestions)[number];

/** What a setting is of. */
export function measureOf(name: ShapeQuestionName): keyof typeof settingsOf {
  return settingsOf.boundary.some((own) => own === name) ? 'boundary' : 'lesions';
}
