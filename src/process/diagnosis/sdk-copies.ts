import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  isSupported,
  isWrapped,
  onSdkFile,
  type SdkFile,
  SUPPORTED_VERSIONS,
} from '../../clients/openai-sdk/index.ts';
import { isRecord } from '../../util/index.ts';

/** A class of the SDK whose calls can be metered. */
export type SdkClient = SdkFile['classes'][number];

/** A copy of the SDK that a program has loaded. */
export interface SdkCopy {
  /** The directory of the package. */
  readonly path: string;
  readonly version: string;
  readonly kind: 'CommonJS' | 'an ES module';
  /** Its client; absent if there is none. */
  readonly client?: SdkClient;
  /** Why its calls are not metered; absent if they are. */
  readonly whyNotPatched?: string;
}

/**
 * Calls a listener for each copy of the SDK that has been loaded, and for each that will be, once it is patched or
 * is known not to be. To be called after the instrumentation is enabled.
 */
export function watchSdkCopies(onCopy: (copy: SdkCopy) => void): void {
  onSdkFile((file) => {
    if (file.name !== 'client' && file.name !== 'index') return;
    onCopy(copyOf(file));
  });
  for (const copy of unpatchedInCache())
    onCopy({ ...copy, kind: 'CommonJS', whyNotPatched: 'it was loaded before the preload' });
}

function copyOf({ version, url, classes }: SdkFile): SdkCopy {
  const file = pathOf(url);
  const kind = file.endsWith('.mjs') ? 'an ES module' : 'CommonJS';
  const clients = classes.filter(
    ({ prototype }) => typeof Reflect.get(prototype, 'makeRequest') === 'function',
  );
  const client = clients.find(({ name }) => name === 'OpenAI') ?? clients[0];
  const copy = { path: dirname(file), version, kind } as const;
  if (!isSupported(version)) return { ...copy, whyNotPatched: `expected ${SUPPORTED_VERSIONS}` };
  if (client === undefined) return { ...copy, whyNotPatched: 'it has no client to patch' };
  if (!isWrapped(client.prototype, 'makeRequest'))
    return { ...copy, client, whyNotPatched: 'its client was replaced' };
  return { ...copy, client };
}

/** Returns the copies that are loaded as CommonJS and not patched. */
function unpatchedInCache(): { readonly path: string; readonly version: string }[] {
  const require = createRequire(import.meta.url);
  return Object.keys(require.cache).flatMap((file) => {
    if (!/[\\/]openai[\\/](?:client|index)\.js$/.test(file)) return [];
    const path = dirname(file);
    try {
      const { name, version }: Record<string, unknown> = require(`${path}/package.json`);
      const { OpenAI }: Record<string, unknown> = require(file);
      if (name !== 'openai' || !isClass(OpenAI) || isWrapped(OpenAI.prototype, 'makeRequest')) return [];
      return [{ path, version: String(version) }];
    } catch {
      return [];
    }
  });
}

function isClass(value: unknown): value is SdkClient {
  return typeof value === 'function' && isRecord(value.prototype);
}

function pathOf(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url.replace(/[?#].*$/, '')) : url;
}
