import {
  addAmounts,
  type LedgerAccount,
  MINUTE_MS,
  NOTHING,
  type Spending,
  seenDefinition,
  windowOf,
} from '../../budget/index.ts';
import type { RedisKeys } from './keys.ts';
import { balancesOf } from './replies.ts';

/** An account and its key. */
export interface ListedAccount {
  readonly key: string;
  readonly account: LedgerAccount;
}

/** An account as the script lists it. */
interface RawAccount {
  readonly key: string;
  readonly definition: string;
  readonly balances: readonly string[];
}

/** How many texts tell an account: its key, its definition, and twelve balances. */
const TEXTS = 14;

/** What the script of the accounts answered: where to go on, and some accounts. */
export function pageOf([cursor = '0', ...texts]: readonly string[]): {
  readonly cursor: string;
  readonly accounts: readonly RawAccount[];
} {
  const accounts: RawAccount[] = [];
  for (let at = 0; at + TEXTS <= texts.length; at += TEXTS) {
    const [key = '', definition = '', ...balances] = texts.slice(at, at + TEXTS);
    accounts.push({ key, definition, balances });
  }
  return { cursor, accounts };
}

export function listedOf({ key, definition, balances }: RawAccount, keys: RedisKeys): ListedAccount {
  const { budget, start } = keys.parse(key);
  const seen = seenDefinition(definition);
  const window = seen?.window === undefined ? undefined : windowOf(seen.window, start);
  return {
    key,
    account: {
      budget,
      ...(window === undefined ? {} : { window: { start, end: window.end } }),
      ...(seen === undefined ? {} : { definition: seen }),
      balances: balancesOf(balances),
    },
  };
}

/** What an account was charged by the minute: minutes and JSON of three texts, in turn. */
export function spendingOf(texts: readonly string[]): Spending[] {
  const spending: Spending[] = [];
  for (let at = 0; at + 1 < texts.length; at += 2) {
    const [costNanoUsd = 0, tokens = 0, calls = 0] = (JSON.parse(texts[at + 1] ?? '[]') as string[]).map(
      Number,
    );
    spending.push({ minute: Number(texts[at]) * MINUTE_MS, used: { costNanoUsd, tokens, calls } });
  }
  return spending;
}

/** The spending of several accounts as that of one, oldest first. */
export function addSpending(of: readonly (readonly Spending[])[]): Spending[] {
  const sums = new Map<number, Spending['used']>();
  for (const { minute, used } of of.flat()) sums.set(minute, addAmounts(sums.get(minute) ?? NOTHING, used));
  return [...sums].map(([minute, used]) => ({ minute, used })).sort((a, b) => a.minute - b.minute);
}
