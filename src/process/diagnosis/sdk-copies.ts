import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  isSupported,
  isWrapped,
  onSdkFile,
  type SdkFile,
  SUPPORTED_VERSIONS,
} from '../../clients/openai-sdk/index.ts';

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

function pathOf(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url.replace(/[?#].*$/, '')) : url;
}
