import { StoreError } from '../budget/index.ts';
import { formatValue } from '../util/index.ts';
import { STORE_KINDS, type StoreKind, type StoreUrl } from './kinds/index.ts';

const syntaxes = STORE_KINDS.map(({ syntax }) => syntax);

/** How the URL of a store is written, for messages. */
export const STORE_URL_SYNTAX = `${syntaxes.slice(0, -1).join(', ')}, or ${syntaxes.at(-1)}`;

/** Parses the URL of a store; returns undefined for any other text. */
export function tryParseStoreUrl(text: string): StoreUrl | undefined {
  for (const kind of STORE_KINDS) {
    const url = kind.parseUrl(text);
    if (url !== undefined) return url;
  }
  return undefined;
}

/**
 * Parses the URL of a store.
 * @throws StoreError if the text is not one
 */
export function parseStoreUrl(text: string): StoreUrl {
  const url = tryParseStoreUrl(text);
  if (url === undefined) throw new StoreError(`got ${formatValue(text)}, expected ${STORE_URL_SYNTAX}`);
  return url;
}

/** Returns the kind of store that a URL is of. */
export function storeKindOf(url: StoreUrl): StoreKind<StoreUrl> {
  const kind = STORE_KINDS.find((one) => one.kind === url.kind);
  if (kind === undefined)
    throw new StoreError(`got a store of kind ${url.kind}, expected ${STORE_URL_SYNTAX}`);
  return kind;
}
