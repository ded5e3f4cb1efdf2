import {
  type Abandoned,
  type Admitted,
  type Balances,
  type BudgetDefinition,
  type Denied,
  isNoGrant,
  type LimitName,
  type ReserveRequest,
  StoreError,
  worstCaseAmounts,
} from '../../budget/index.ts';

/** The answer of a script: a word, which may ask for another try at once or after a pause, the server's time, and texts. */
export interface ScriptReply {
  readonly word: 'ok' | 'retry' | 'wait';
  /** The server's time, milliseconds since the epoch. */
  readonly now: number;
  /** What the ledger is; absent if the script asks for another try. */
  readonly mark?: LedgerMark;
  /** The accounts that the script has used: the key and the state of each. */
  readonly accounts: readonly string[];
  readonly values: readonly string[];
}

/** The identity of a ledger, and how often it was changed. */
export interface LedgerMark {
  /** Empty if nothing is stored yet. */
  readonly id: string;
  readonly generation: number;
  /** The part of its history that the present run of the server writes. */
  readonly segment: string;
  /** Until when strict budgets are denied, because it has forgotten something, milliseconds since the epoch. */
  readonly recoveringUntil: number;
}

/** Parses the answer of a script. @throws StoreError if it is not one of our scripts' */
export function parseReply(raw: unknown): ScriptReply {
  if (!Array.isArray(raw)) throw unexpectedReply(raw);
  const [word, now, id = '', generation, segment = '', recovering, count, ...rest] = raw.map(String);
  if ((word === 'retry' || word === 'wait') && now !== undefined)
    return { word, now: Number(now), accounts: [], values: [] };
  if (word !== 'ok' || now === undefined || count === undefined) throw unexpectedReply(raw);
  const mark = { id, generation: Number(generation), segment, recoveringUntil: Number(recovering) };
  const texts = 2 * Number(count);
  return { word, now: Number(now), mark, accounts: rest.slice(0, texts), values: rest.slice(texts) };
}

/** The answer to a reserve. */
export type ReserveReply =
  | { readonly word: 'open' }
  | { readonly word: 'lost' }
  | { readonly word: 'denied'; readonly admission: Denied }
  | { readonly word: 'admitted'; readonly admission: Admitted };

/** Parses the answer to a reserve. @throws StoreError if it is not one */
export function parseReserveReply(
  { values }: ScriptReply,
  chain: readonly BudgetDefinition[],
  request: ReserveRequest,
): ReserveReply {
  const [word, ...rest] = values;
  if (word === 'open') return { word };
  if (word === 'lost') return { word };
  if (word === 'denied') return { word, admission: parseDenied(rest, chain, request) };
  const [outputCap, costNanoUsd, tokens, calls] = rest.map(Number);
  if (outputCap === undefined || costNanoUsd === undefined) throw unexpectedReply(values);
  if (tokens === undefined || calls === undefined) throw unexpectedReply(values);
  return {
    word: 'admitted',
    admission: { admitted: true, outputCap, reserved: { costNanoUsd, tokens, calls } },
  };
}

function parseDenied(
  [index, limit, ...rest]: readonly string[],
  chain: readonly BudgetDefinition[],
  request: ReserveRequest,
): Denied {
  const budget = chain[Number(index) - 1];
  if (budget === undefined || !isLimitName(limit)) throw unexpectedReply([index, limit]);
  const requested = worstCaseAmounts(request, Math.min(request.outputCap, budget.minOutputTokens));
  return { admitted: false, budget, limit, balances: parseBalances(rest), requested };
}

/** Parses balances, twelve values. @throws StoreError if one is not a number */
export function parseBalances(values: readonly string[]): Balances {
  const at = (index: number): number => {
    const value = Number(values[index]);
    if (!Number.isFinite(value)) throw unexpectedReply(values);
    return value;
  };
  const granted = { costNanoUsd: at(8), tokens: at(9), calls: at(10), milliseconds: at(11) };
  return {
    settled: { costNanoUsd: at(0), tokens: at(1), calls: at(2) },
    reserved: { costNanoUsd: at(3), tokens: at(4), calls: at(5) },
    open: at(6),
    startedAt: at(7),
    ...(isNoGrant(granted) ? {} : { granted }),
  };
}

/** Parses keys of accounts and their balances, thirteen values each. */
export function parseBalancesByKey(values: readonly string[]): [key: string, balances: Balances][] {
  const found: [string, Balances][] = [];
  for (let at = 0; at + 12 < values.length; at += 13) {
    const [key = '', ...balances] = values.slice(at, at + 13);
    found.push([key, parseBalances(balances)]);
  }
  return found;
}

/** Parses ids and amounts, four values each. */
export function parseAbandoned(values: readonly string[]): Abandoned[] {
  const abandoned: Abandoned[] = [];
  for (let at = 0; at + 3 < values.length; at += 4) {
    const [id = '', cost, tokens, calls] = values.slice(at, at + 4);
    abandoned.push({
      id,
      charged: { costNanoUsd: Number(cost), tokens: Number(tokens), calls: Number(calls) },
    });
  }
  return abandoned;
}

function isLimitName(value: string | undefined): value is LimitName {
  return value === 'costUsd' || value === 'tokens' || value === 'calls' || value === 'minutes';
}

function unexpectedReply(raw: unknown): StoreError {
  return new StoreError(
    `Redis gave an answer that is not our script's: ${JSON.stringify(raw)?.slice(0, 200)}`,
  );
}
