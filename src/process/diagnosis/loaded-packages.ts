import { readFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { distFileUrl, fieldsOf, parseJson, textOf } from '../../util/index.ts';
import type { LoadedPackage } from './report.ts';

/** The API, and the SDKs of traces with what sets them up. */
const PACKAGE = /[\\/]@opentelemetry[\\/](?:api|sdk-trace(?:-base|-node|-web)?|sdk-node)[\\/]/;
/** Modules whose imports are not the program's own choice, or are repeated for another module. */
const NOT_THE_PROGRAM = /[\\/](?:@opentelemetry|(?:require|import)-in-the-middle)[\\/]/;

/**
 * Watches which packages of OpenTelemetry the program loads, by its own code or by its instrumentations. Before Node
 * 22.15 only those loaded as CommonJS are seen, by {@link packagesInCache}.
 */
export function watchPackages(onPackage: (found: LoadedPackage) => void): void {
  if (typeof module.registerHooks !== 'function') return;
  const own = distFileUrl('').href;
  const seen = new Set<string>();
  module.registerHooks({
    resolve(specifier, context, next) {
      const result = next(specifier, context);
      const { parentURL = '' } = context;
      if (!PACKAGE.test(result.url) || parentURL.startsWith(own) || NOT_THE_PROGRAM.test(parentURL))
        return result;
      const found = packageOf(result.url);
      if (found === undefined || seen.has(found.path)) return result;
      seen.add(found.path);
      onPackage(found);
      return result;
    },
  });
}

/** Returns the packages of OpenTelemetry that were loaded as CommonJS, without those that this package loads. */
export function packagesInCache(): LoadedPackage[] {
  const require = createRequire(import.meta.url);
  const found = new Map<string, LoadedPackage>();
  for (const [path, loaded] of Object.entries(require.cache)) {
    if (!PACKAGE.test(path) || loaded === undefined) continue;
    const each = packageOf(path);
    if (each !== undefined && !isOwn(each, require)) found.set(each.path, each);
  }
  return [...found.values()];
}

function isOwn({ name, path }: LoadedPackage, require: NodeJS.Require): boolean {
  try {
    return require.resolve(name).startsWith(path);
  } catch {
    return false;
  }
}

function packageOf(location: string): LoadedPackage | undefined {
  try {
    const file = location.startsWith('file:') ? fileURLToPath(location.replace(/[?#].*$/, '')) : location;
    const end = PACKAGE.exec(file);
    if (end === null) return undefined;
    const path = dirname(join(file.slice(0, end.index + end[0].length), 'package.json'));
    const { name, version } = fieldsOf(parseJson(readFileSync(join(path, 'package.json'), 'utf8')));
    return { name: textOf(name), version: textOf(version), path };
  } catch {
    return undefined;
  }
}
