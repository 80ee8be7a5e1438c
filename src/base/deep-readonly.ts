/** The type of a schema as its readers see it: nobody changes what was checked. */
export type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;
