import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/*
 * The files of this package. The only module that knows where it lies: `dist` has bundles, so no other module may
 * look for a file beside itself. It is in a folder of `src`, and shared by every entry, so in a folder of `dist`.
 */

const require = createRequire(import.meta.url);
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/** The URL of a file of the package, by its path from the root. */
export function packageFileUrl(path: string): URL {
  return new URL(`../../${path}`, import.meta.url);
}

/** The URL of a file of `dist` (of `src` in the tests), by its path from there. */
export function distFileUrl(path: string): URL {
  return new URL(`../${path}`, import.meta.url);
}

/** The URL of an entry module, by its path from `dist` without the extension. `scripts/bundle.ts` lists the entries. */
export function entryModuleUrl(path: string): URL {
  return distFileUrl(`${path}${EXTENSION}`);
}

/** Loads an entry module at once: a part of the package that only some programs use, when it is first used. */
export function loadEntryModule(path: string): unknown {
  return require(fileURLToPath(entryModuleUrl(path)));
}

/** What this package declares of itself. */
export const MANIFEST = require('../../package.json') as {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly peerDependencies: { readonly openai: string };
};

/** The version of this package. */
export const VERSION: string = MANIFEST.version;
