/** What is compared of a tile: named values of a class, or of all classes together. */

/** A value that the run gave and the same one computed again. */
export interface Compared {
  /** The class's name; null for what is of all classes. */
  readonly class: string | null;
  /** Such as `tp`, `term gamma=2 clip=0 foreground`, `lovasz-softmax`. */
  readonly quantity: string;
  readonly exact: number;
  readonly audit: number;
  /** The largest difference that rounding explains; 0 for counts. */
  readonly bound: number;
}

/** A value computed again, and by how much rounding may have moved it. */
export interface AuditValue {
  readonly value: number;
  readonly bound: number;
}

/** A count: it is compared exactly. */
export function count(value: number): AuditValue {
  return { value, bound: 0 };
}

/** Whether a value differs by more than rounding explains; NaN does. */
export function differs({ exact, audit, bound }: Compared): boolean {
  return !(Math.abs(exact - audit) <= bound);
}

/** The difference as a part of the bound: above 1 for a fault, 0 where both are equal. */
export function ratioOf({ exact, audit, bound }: Compared): number {
  const difference = Math.abs(exact - audit);
  return difference === 0 ? 0 : difference / bound;
}
