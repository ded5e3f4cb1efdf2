import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * Returns the options of Node that a thread of this package needs: none, so that it loads nothing of the program, but
 * those of Yarn's Plug'n'Play where the package was loaded from its cache.
 */
export function threadArgs(): string[] {
  if (process.versions['pnp'] === undefined) return [];
  try {
    const api = createRequire(import.meta.url).resolve('pnpapi');
    const loader = api.replace(/\.pnp\.c?js$/, '.pnp.loader.mjs');
    const isLoader = loader !== api && existsSync(loader);
    return ['--require', api, ...(isLoader ? ['--experimental-loader', pathToFileURL(loader).href] : [])];
  } catch {
    // The package itself is in `node_modules`.
    return [];
  }
}
