// Colours of the picture. A layer holds numbers of colours, 0 for none.

type Colour = readonly [red: number, green: number, blue: number];

export const errorColours = {
  agree: [86, 140, 255],
  missed: [255, 160, 0],
  extra: [255, 40, 90],
  other: [225, 80, 255],
} as const satisfies Record<string, Colour>;

/** Of classes, in turn; told apart on black and on each other's edges. */
const classColours: readonly Colour[] = [
  [80, 200, 120],
  [255, 120, 100],
  [90, 170, 255],
  [255, 210, 60],
  [200, 120, 255],
  [60, 220, 220],
  [255, 140, 200],
  [170, 215, 60],
  [255, 165, 90],
  [130, 140, 255],
  [240, 240, 160],
  [0, 170, 140],
  [215, 90, 130],
  [150, 200, 255],
  [190, 150, 90],
  [120, 255, 170],
  [255, 90, 60],
  [160, 110, 190],
  [230, 200, 210],
  [70, 150, 90],
  [255, 230, 120],
  [100, 120, 170],
  [250, 180, 160],
  [180, 255, 240],
];

export const classColour = (index: number): Colour => classColours[index % classColours.length]!;

const lighter = (colour: Colour): Colour => {
  const [red, green, blue] = colour.map((part) => Math.round(part + 0.6 * (255 - part)));
  return [red!, green!, blue!];
};

const errorNames = Object.keys(errorColours) as (keyof typeof errorColours)[];
const all: readonly Colour[] = [
  ...Object.values(errorColours),
  ...classColours,
  ...classColours.map(lighter),
];
/** Entries of the colour table that each colour takes: the table is interpolated, flat steps are not changed by that. */
const step = 4;

/** What a layer stores for a colour. */
const stored = (at: number) => step * (at + 1) + 2;
export const ofError = Object.fromEntries(errorNames.map((name, at) => [name, stored(at)])) as Record<
  keyof typeof errorColours,
  number
>;
export const ofClass = (index: number): number => stored(errorNames.length + (index % classColours.length));
/** Of an outline over filled classes. */
export const ofOutline = (index: number): number =>
  stored(errorNames.length + classColours.length + (index % classColours.length));

/** The colour table as NiiVue takes it, for values from 0 to 255. */
export function colourTable(): Record<'R' | 'G' | 'B' | 'A' | 'I', number[]> {
  const table: ReturnType<typeof colourTable> = {
    R: [0, 0],
    G: [0, 0],
    B: [0, 0],
    A: [0, 0],
    I: [0, step - 1],
  };
  for (const [at, [red, green, blue]] of all.entries()) {
    for (const index of [step * (at + 1), step * (at + 2) - 1]) {
      table.R.push(red);
      table.G.push(green);
      table.B.push(blue);
      table.A.push(255);
      table.I.push(index);
    }
  }
  const rest = step * (all.length + 1);
  for (const index of [rest, 255]) {
    for (const channel of ['R', 'G', 'B', 'A'] as const) table[channel].push(0);
    table.I.push(index);
  }
  return table;
}

export const css = ([red, green, blue]: Colour): string => `rgb(${red} ${green} ${blue})`;
