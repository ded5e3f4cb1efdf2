import {
  addAmounts,
  type LedgerAccount,
  MINUTE_MS,
  NOTHING,
  parseDefinition,
  type Spending,
  windowOf,
} from '../../budget/index.ts';
import type { RedisKeys } from './keys.ts';
import { parseBalances } from './replies.ts';

/** An account and its key. */
export interface ListedAccount {
  readonly key: string;
  readonly account: LedgerAccount;
}

/** How many texts describe an account: its key, its definition, and twelve balances. */
const TEXTS_PER_ACCOUNT = 14;

/** Parses a page of accounts, and the cursor of the next page. */
export function parseAccountPage(
  [cursor = '0', ...texts]: readonly string[],
  keys: RedisKeys,
): { readonly cursor: string; readonly accounts: readonly ListedAccount[] } {
  const accounts: ListedAccount[] = [];
  for (let at = 0; at + TEXTS_PER_ACCOUNT <= texts.length; at += TEXTS_PER_ACCOUNT) {
    accounts.push(parseAccount(texts.slice(at, at + TEXTS_PER_ACCOUNT), keys));
  }
  return { cursor, accounts };
}

function parseAccount(
  [key = '', definitionText = '', ...balances]: readonly string[],
  keys: RedisKeys,
): ListedAccount {
  const { budget, start } = keys.parse(key);
  const definition = parseDefinition(definitionText);
  const window = definition?.window === undefined ? undefined : windowOf(definition.window, start);
  return {
    key,
    account: {
      budget,
      ...(window === undefined ? {} : { window: { start, end: window.end } }),
      ...(definition === undefined ? {} : { definition }),
      balances: parseBalances(balances),
    },
  };
}

/** Parses what an account was charged by the minute: minutes, each with a JSON array of three texts. */
export function parseSpending(texts: readonly string[]): Spending[] {
  const spending: Spending[] = [];
  for (let at = 0; at + 1 < texts.length; at += 2) {
    const [costNanoUsd = 0, tokens = 0, calls = 0] = (JSON.parse(texts[at + 1] ?? '[]') as string[]).map(
      Number,
    );
    spending.push({ minute: Number(texts[at]) * MINUTE_MS, used: { costNanoUsd, tokens, calls } });
  }
  return spending;
}

/** Adds up the spending of several accounts, oldest first. */
export function mergeSpending(accounts: readonly (readonly Spending[])[]): Spending[] {
  const sums = new Map<number, Spending['used']>();
  for (const { minute, used } of accounts.flat())
    sums.set(minute, addAmounts(sums.get(minute) ?? NOTHING, used));
  return [...sums].map(([minute, used]) => ({ minute, used })).sort((a, b) => a.minute - b.minute);
}
