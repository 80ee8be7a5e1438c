/** The end of the module's own data: regions must lie behind it. */
export function dataEnd(): usize {
  return __heap_base;
}
