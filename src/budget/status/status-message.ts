import { formatUsd, nanoToUsd, usdToNano } from '../../pricing/index.ts';
import { type Amounts, LIMIT_OF, type LimitName, limitAmounts, MS_PER_MINUTE } from '../limits.ts';
import type { BudgetStatus } from './status.ts';

/** How much is told: in sentences, or in one short line of some 25 tokens. */
export type StatusFormat = 'text' | 'compact';

/** How the message is written. */
export interface StatusMessageOptions {
  /** `text` where absent. */
  readonly format?: StatusFormat;
  /** The share of a limit that is left, 0 to 1, below which the work is to be wrapped up; 0.1 where absent. */
  readonly wrapUpBelow?: number;
  /** How long was worked so far, milliseconds, for the pace; since the budget began where absent. */
  readonly elapsedMs?: number;
}

const DEFAULT_WRAP_UP_BELOW = 0.1;

/** What every message begins with, by which one is known again. */
const MARK = '[token-budget]';

/** Whether a text is one of these messages. */
export function isBudgetStatusMessage(text: unknown): boolean {
  return typeof text === 'string' && text.startsWith(MARK);
}

/**
 * The budget in words for a model: what is used and left of each limit, the time, the pace, and whether to go on or to wrap up.
 * What open calls reserve counts as used, since the next call cannot have it.
 * @throws RangeError where `wrapUpBelow` is not a share
 */
export function getBudgetStatusMessage(status: BudgetStatus, options: StatusMessageOptions = {}): string {
  const { format = 'text', wrapUpBelow = DEFAULT_WRAP_UP_BELOW, elapsedMs = status.elapsedMs } = options;
  if (!(wrapUpBelow >= 0 && wrapUpBelow <= 1)) {
    throw new RangeError(`wrapUpBelow: given ${wrapUpBelow}; taken is a share from 0 to 1`);
  }
  const uses = usesOf(status);
  const left = Math.min(1, ...uses.map(({ leftShare }) => leftShare));
  const wrapUp = status.exhausted || left < wrapUpBelow;
  const pace = paceOf(status, elapsedMs);
  return format === 'compact' ? compact(uses, pace, wrapUp) : text(uses, pace, wrapUp, elapsedMs);
}

/** What is used of one limit, in words. */
interface Use {
  readonly used: string;
  readonly of: string;
  readonly left: string;
  readonly leftShare: number;
}

/** How fast the budget is used, and how long the rest of it lasts so; undefined where that is not known yet. */
interface Pace {
  readonly tokensPerMinute: number;
  readonly minutesLeft: number | undefined;
}

function text(uses: readonly Use[], pace: Pace | undefined, wrapUp: boolean, elapsedMs: number): string {
  const sentences = uses.map(
    ({ used, of, left, leftShare }) => `Used ${used} of ${of} (${percent(1 - leftShare)}), ${left} left.`,
  );
  if (uses.length === 0) sentences.push('No limit is set.');
  const lasts =
    pace?.minutesLeft === undefined ? '' : `, at which the rest lasts about ${minutes(pace.minutesLeft)}`;
  const speed = pace === undefined ? '' : ` at ${count(pace.tokensPerMinute)} tokens a minute${lasts}`;
  sentences.push(`Worked for ${minutes(elapsedMs / MS_PER_MINUTE)}${speed}.`);
  sentences.push(
    wrapUp
      ? 'The budget is nearly gone: begin nothing new, finish what is open, and give the result that you have.'
      : 'Go on until the work is done or the budget is nearly gone; do not stop early to save it.',
  );
  return `${MARK} ${sentences.join(' ')}`;
}

function compact(uses: readonly Use[], pace: Pace | undefined, wrapUp: boolean): string {
  const parts = uses.map(({ left, leftShare }) => `${left} left (${percent(leftShare)})`);
  if (uses.length === 0) parts.push('no limit');
  if (pace?.minutesLeft !== undefined) parts.push(`~${minutes(pace.minutesLeft)} at this pace`);
  return `${MARK} ${[...parts, wrapUp ? 'wrap up now' : 'go on'].join('; ')}`;
}

function usesOf({ limits, balances, elapsedMs }: BudgetStatus): Use[] {
  const uses: Use[] = [];
  const amounts = limitAmounts(limits);
  for (const [amount, name] of LIMIT_OF) {
    const limit = amounts[amount];
    if (limit === Infinity) continue;
    const used = balances.settled[amount] + balances.reserved[amount];
    const left = Math.max(0, limit - used);
    const leftShare = limit === 0 ? 0 : left / limit;
    uses.push({ used: bare(name, used), of: withUnit(name, limit), left: withUnit(name, left), leftShare });
  }
  if (limits.minutes !== undefined) {
    const used = elapsedMs / MS_PER_MINUTE;
    const left = Math.max(0, limits.minutes - used);
    const leftShare = limits.minutes === 0 ? 0 : left / limits.minutes;
    uses.push({ used: minutes(used), of: minutes(limits.minutes), left: minutes(left), leftShare });
  }
  return uses;
}

/** Less than this says nothing of a pace, milliseconds. */
const SHORTEST_MS = 1_000;

function paceOf({ balances, left }: BudgetStatus, elapsedMs: number): Pace | undefined {
  if (elapsedMs < SHORTEST_MS || balances.settled.tokens === 0) return undefined;
  const perMinute = (amount: keyof Amounts): number => (balances.settled[amount] * MS_PER_MINUTE) / elapsedMs;
  const lasts = [
    ratio(left.tokens, perMinute('tokens')),
    ratio(left.costUsd, nanoToUsd(perMinute('costNanoUsd'))),
    ratio(left.calls, perMinute('calls')),
  ].filter((value) => value !== undefined);
  return {
    tokensPerMinute: perMinute('tokens'),
    minutesLeft: lasts.length === 0 ? undefined : Math.min(...lasts),
  };
}

function ratio(left: number | undefined, perMinute: number): number | undefined {
  return left === undefined || perMinute === 0 ? undefined : left / perMinute;
}

function bare(name: LimitName, value: number): string {
  return name === 'costUsd' ? usd(value) : count(value);
}

function withUnit(name: LimitName, value: number): string {
  return name === 'costUsd' ? usd(value) : `${count(value)} ${name}`;
}

/** With four decimals at most: a model has no use for more. */
function usd(nano: number): string {
  return formatUsd(usdToNano(Math.round(nanoToUsd(nano) * 10_000) / 10_000));
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function percent(share: number): string {
  return `${Math.round(Math.min(1, Math.max(0, share)) * 100)} %`;
}

function minutes(value: number): string {
  if (value < 1) return `${Math.round(value * 60)} s`;
  return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} min`;
}

/** Whether calls are told their budget, and at which length. */
export type BudgetStatusSetting = StatusFormat | 'off';
