/** The option of score and merge; apart from what reads it, so that help loads little. */

/** Collects an option that may be given several times. */
export const collectRule = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  text,
];

export const failIfOption = [
  '--fail-if <rule>',
  "end with status 3 where this holds, such as 'mean dice < 0.8' or 'failed > 0'; may be given several times",
] as const;
