import { resolve } from 'node:path';
import { ConfigError, loadConfig } from '../config/index.ts';
import { type Ledger, openLedger, tryParseStoreUrl } from '../stores/index.ts';
import { UsageError } from './exit.ts';

/** The options that name a ledger. */
export interface StoreOptions {
  /** `sqlite:PATH`, or the URL of a Redis. */
  readonly store?: string;
  /** The path of a settings file. */
  readonly config?: string;
}

/** How long a store may take to answer an operator, milliseconds. */
const STORE_TIMEOUT_MS = 5_000;

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the environment with the options as variables. Relative paths become absolute. */
export function environmentOf({ store, config }: StoreOptions, env: Environment = process.env): Environment {
  return {
    ...env,
    ...(store === undefined ? {} : { TOKEN_BUDGET_STORE: absoluteStoreUrl(store) }),
    ...(config === undefined ? {} : { TOKEN_BUDGET_CONFIG: resolve(config) }),
  };
}

/** Makes the path in a store's URL absolute, so that it means the same in every working directory. */
export function absoluteStoreUrl(store: string): string {
  const url = tryParseStoreUrl(store);
  return url?.kind === 'sqlite' ? `sqlite:${resolve(url.path)}` : store;
}

/**
 * Opens the ledger that the options, the environment or the settings file name, in this order.
 * @throws UsageError if none of them names a shared store
 * @param create whether a file that does not exist is created; default: false
 * @throws StoreError if its file does not exist
 */
export function openSharedLedger(
  options: StoreOptions,
  { create = false }: { readonly create?: boolean } = {},
): { readonly ledger: Ledger; readonly store: string } {
  const store = readStoreSetting(options);
  if (store === 'memory') {
    throw new UsageError(
      'No shared store given: the in-memory ledger can only be seen by its own process. Pass --store sqlite:PATH or ' +
        '--store redis://HOST:PORT, or set TOKEN_BUDGET_STORE.',
    );
  }
  return { ledger: openLedger(store, STORE_TIMEOUT_MS, { create }), store };
}

function readStoreSetting(options: StoreOptions): string {
  try {
    return loadConfig(environmentOf(options)).store;
  } catch (error) {
    if (!(error instanceof ConfigError) || options.store === undefined) throw error;
    throw new UsageError(error.message.replace('TOKEN_BUDGET_STORE', '--store'));
  }
}

/** Removes the user and the password from a store's URL, so that it can be printed. */
export function redactPassword(store: string): string {
  return store.replace(/\/\/[^/]*@/, '//');
}
