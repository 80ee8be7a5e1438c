/** Sets of classes by number, so that a voxel's classes fit into one number. */

/** Numbers fit into 16 bits. */
const mostSets = 65_536;

/** More sets than there are numbers. */
export class TooManySets extends Error {}

export class ClassSets {
  /** Classes of each set, ascending; set 0 has none. */
  readonly sets: (readonly number[])[] = [[]];
  readonly #numbers = new Map<string, number>([['', 0]]);

  /** The number of a set of classes in ascending order. */
  numberOf(classes: readonly number[]): number {
    const name = classes.join();
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.sets.length;
      if (number === mostSets) throw new TooManySets(`${mostSets} sets of classes are taken`);
      this.#numbers.set(name, number);
      this.sets.push([...classes]);
    }
    return number;
  }

  /** The number of a set with one class more. */
  withClass(set: number, added: number): number {
    return this.numberOf([...this.sets[set]!, added].sort((a, b) => a - b));
  }
}
