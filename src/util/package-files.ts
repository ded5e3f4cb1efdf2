import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/*
 * The files of this package. The only module that knows its own place: `dist` has bundles, so no other module
 * may look for a file beside itself. It is in a folder of `src`, and shared by every entry, so it is in a
 * folder of `dist` too.
 */

const require = createRequire(import.meta.url);
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/** Returns the URL of a file of the package, by its path from the root. */
export function packageFileUrl(path: string): URL {
  return new URL(`../../${path}`, import.meta.url);
}

/** Returns the URL of a file of `dist` (of `src` in the tests), by its path from there. */
export function distFileUrl(path: string): URL {
  return new URL(`../${path}`, import.meta.url);
}

/**
 * Returns the URL of an entry module, by its path from `dist` without the extension. `scripts/bundle.ts`
 * lists them.
 */
export function entryModuleUrl(path: string): URL {
  return distFileUrl(`${path}${EXTENSION}`);
}

/**
 * Loads an entry module synchronously: a part of the package that only some programs use, on its first use.
 */
export function loadEntryModule(path: string): unknown {
  return require(fileURLToPath(entryModuleUrl(path)));
}

/** Returns whether entry modules can be loaded: not where a bundler has put this package into a program. */
export function canLoadEntryModules(): boolean {
  try {
    return require.resolve(fileURLToPath(entryModuleUrl('telemetry/sdk/index'))) !== '';
  } catch {
    return false;
  }
}

/** What is read of the manifest of this package. */
interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly peerDependencies: { readonly openai: string };
}

/** The manifest of this package. */
export const MANIFEST: Manifest = readManifest();

/** In a bundle of the program, which has no files of this package, nothing is known of it. */
function readManifest(): Manifest {
  try {
    return require('../../package.json') as Manifest;
  } catch {
    return { version: 'unknown', engines: { node: '*' }, peerDependencies: { openai: '*' } };
  }
}

/** The version of this package. */
export const VERSION: string = MANIFEST.version;
