import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { reportSdkFile } from './sdk-files.ts';
import { describeSdkFile, mayBeSdkFile } from './sdk-source.ts';

/** Options of Node that load a module before the program. */
const PRELOADING = /(^|\s)(--import|--require|-r|--loader|--experimental-loader)(=|\s|$)/;

/** Reports the files of the SDK that `require` has loaded before loading was hooked. */
export function reportRequiredFiles(): void {
  const { cache } = createRequire(import.meta.url);
  for (const path of Object.keys(cache).filter(mayBeSdkFile)) report(path, cache[path]?.exports);
}

/**
 * Reports the client of the SDK that the program imports, for a program that imports the preload as well: all modules
 * of its graph have been read by then, but a `require` evaluates a module of it and returns that very module. Does
 * nothing under a preload, where the program is not read yet, or where Node cannot do that.
 */
export function reportImportedClient(): void {
  const options = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ');
  if (PRELOADING.test(options) || !requiresImported(process.versions.node)) return;
  try {
    const require = createRequire(resolve(process.argv[1] ?? 'program'));
    // openai 4 has its client elsewhere. Evaluated before the program's choice of shims, it would refuse that choice.
    const path = join(dirname(require.resolve('openai')), 'client.mjs');
    report(path, require(path));
  } catch {
    // The program has no openai, or one that cannot be required. Its calls are reported when they are made.
  }
}

/** Whether `require` returns a module of a graph that is being evaluated: since Node 22.20 and 24.4. */
function requiresImported(node: string): boolean {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  if (major === 22) return minor >= 20;
  return major === 24 ? minor >= 4 : major > 24;
}

function report(path: string, exported: unknown): void {
  const file = describeSdkFile(path);
  const isModule = typeof exported === 'function' || (typeof exported === 'object' && exported !== null);
  if (file !== undefined && isModule)
    reportSdkFile({ ...file, classes: [exported, ...Object.values(exported)] });
}
