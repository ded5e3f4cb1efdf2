import { createRequire } from 'node:module';
import { runInThisContext } from 'node:vm';

/**
 * The global object of the thread. Test runners load modules in contexts of their own (Jest, the vm pools of Vitest),
 * each with another `globalThis`.
 */
export const mainGlobal = runInThisContext('globalThis') as { readonly process: NodeJS.Process };

/** Whether this module was loaded in such a context. */
export const isOwnContext: boolean = (mainGlobal as object) !== globalThis;

/**
 * Returns a `require` of the thread, as seen from a file: in a context of its own, a test runner replaces the one of
 * `node:module`, and that of `process`.
 * @param file a path or a URL
 */
export function mainRequire(file: string): NodeJS.Require {
  // Since Node 22.3, and in 20.16.
  const builtin = mainGlobal.process.getBuiltinModule?.('node:module');
  return (builtin?.createRequire ?? createRequire)(file);
}
