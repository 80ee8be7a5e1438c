/** With which flags of Node the threads of this package start. */

/** What loads modules, finds their sources, measures and warns. Node refuses a thread most flags of the whole process. */
const inherited =
  /^(-r|-C|--(require|import|loader|experimental-loader|conditions|enable-source-maps|(cpu|heap)-prof[a-z-]*|(no-|trace-)?warnings))(=|$)/;

/** Those of `flags`, by default of this process, that a thread takes over. */
export function threadFlags(flags: readonly string[] = process.execArgv): string[] {
  const taken: string[] = [];
  let isTaken = false;
  for (const flag of flags) {
    // The value of a flag may be an argument of its own.
    if (flag.startsWith('-')) isTaken = inherited.test(flag);
    if (isTaken) taken.push(flag);
  }
  // Node ends the whole process when a thread is closed while it loads a module by `require`; by `import` it does not.
  return [...taken, '--no-experimental-require-module'];
}
