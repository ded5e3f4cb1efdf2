import { resolve } from 'node:path';
import { ConfigError, loadConfig } from '../config/index.ts';
import { type Ledger, openLedger, tryParseStoreUrl } from '../stores/index.ts';
import { UsageError } from './exit.ts';

/** Where a subcommand finds the ledger. */
export interface StoreOptions {
  /** `sqlite:PATH`, or the URL of a Redis. */
  readonly store?: string;
  /** The path of a settings file. */
  readonly config?: string;
}

/** How long a ledger may take to answer an operator, milliseconds. */
const STORE_TIMEOUT_MS = 5_000;

type Env = Readonly<Record<string, string | undefined>>;

/** The environment with what the options set in it; paths are made absolute. */
export function environmentOf({ store, config }: StoreOptions, env: Env = process.env): Env {
  return {
    ...env,
    ...(store === undefined ? {} : { TOKEN_BUDGET_STORE: absoluteStoreUrl(store) }),
    ...(config === undefined ? {} : { TOKEN_BUDGET_CONFIG: resolve(config) }),
  };
}

/** The store's setting with an absolute path, so that it is the same from every working directory. */
export function absoluteStoreUrl(store: string): string {
  const url = tryParseStoreUrl(store);
  return url?.kind === 'sqlite' ? `sqlite:${resolve(url.path)}` : store;
}

/**
 * The ledger that the options, the environment or the settings file name, in this order.
 * @throws UsageError where none of them names one that is shared
 * @throws StoreError where there is no such file
 */
export function openSharedLedger(options: StoreOptions): { readonly ledger: Ledger; readonly store: string } {
  const store = readStoreSetting(options);
  if (store === 'memory') {
    throw new UsageError(
      'no shared ledger is named, and one in memory is seen by its own process alone; taken is --store sqlite:PATH or --store ' +
        'redis://HOST:PORT, or the same in TOKEN_BUDGET_STORE.',
    );
  }
  return { ledger: openLedger(store, STORE_TIMEOUT_MS), store };
}

function readStoreSetting(options: StoreOptions): string {
  try {
    return loadConfig(environmentOf(options)).store;
  } catch (error) {
    if (!(error instanceof ConfigError) || options.store === undefined) throw error;
    throw new UsageError(error.message.replace('TOKEN_BUDGET_STORE', '--store'));
  }
}

/** The store as it may be shown: without a password. */
export function redactPassword(store: string): string {
  return store.replace(/\/\/[^/]*@/, '//');
}
