import {
  type Abandoned,
  type Admission,
  type Balances,
  type BudgetDefinition,
  isNoGrant,
  type LimitName,
  type ReserveRequest,
  StoreError,
  worstCase,
} from '../../budget/index.ts';

/** What a script answers: a word, the server's time, and texts. */
export interface Reply {
  readonly word: 'ok' | 'retry';
  /** Milliseconds since the epoch, by the server. */
  readonly now: number;
  readonly values: readonly string[];
}

/** @throws StoreError where the answer is not one of our scripts' */
export function replyOf(raw: unknown): Reply {
  if (!Array.isArray(raw)) throw unexpected(raw);
  const [word, now, ...values] = raw.map(String);
  if ((word !== 'ok' && word !== 'retry') || now === undefined) throw unexpected(raw);
  return { word, now: Number(now), values };
}

/** What a reserve was answered, and in which epoch. */
export type ReserveReply =
  | { readonly word: 'open' }
  | { readonly word: 'denied'; readonly admission: Admission }
  | { readonly word: 'admitted'; readonly admission: Admission; readonly epoch: string };

export function reserveReplyOf(
  { values }: Reply,
  chain: readonly BudgetDefinition[],
  request: ReserveRequest,
): ReserveReply {
  const [word, ...rest] = values;
  if (word === 'open') return { word };
  if (word === 'denied') return { word, admission: deniedOf(rest, chain, request) };
  const [outputCap, costNanoUsd, tokens, calls] = rest.map(Number);
  const epoch = rest[4];
  if (outputCap === undefined || costNanoUsd === undefined) throw unexpected(values);
  if (tokens === undefined || calls === undefined || epoch === undefined) throw unexpected(values);
  return {
    word: 'admitted',
    admission: { admitted: true, outputCap, reserved: { costNanoUsd, tokens, calls } },
    epoch,
  };
}

function deniedOf(
  [index, limit, ...rest]: readonly string[],
  chain: readonly BudgetDefinition[],
  request: ReserveRequest,
): Admission {
  const budget = chain[Number(index) - 1];
  if (budget === undefined || !isLimit(limit)) throw unexpected([index, limit]);
  const requested = worstCase(request, Math.min(request.outputCap, budget.minOutputTokens));
  return { admitted: false, budget, limit, balances: balancesOf(rest), requested };
}

export function balancesOf(values: readonly string[]): Balances {
  const at = (index: number): number => {
    const value = Number(values[index]);
    if (!Number.isFinite(value)) throw unexpected(values);
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

/** Keys of accounts and their balances, thirteen values each. */
export function balancesByKey(values: readonly string[]): [key: string, balances: Balances][] {
  const found: [string, Balances][] = [];
  for (let at = 0; at + 12 < values.length; at += 13) {
    const [key = '', ...balances] = values.slice(at, at + 13);
    found.push([key, balancesOf(balances)]);
  }
  return found;
}

/** Ids and amounts, four values each. */
export function abandonedOf(values: readonly string[]): Abandoned[] {
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

function isLimit(value: string | undefined): value is LimitName {
  return value === 'costUsd' || value === 'tokens' || value === 'calls' || value === 'minutes';
}

function unexpected(raw: unknown): StoreError {
  return new StoreError(
    `Redis gave an answer that is not our script's: ${JSON.stringify(raw)?.slice(0, 200)}`,
  );
}
