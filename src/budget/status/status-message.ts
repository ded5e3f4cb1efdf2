import { formatUsd, nanoToUsd } from '../../pricing/index.ts';
import { formatCount, formatDuration, formatPercent } from '../../util/index.ts';
import { type Amounts, LIMIT_OF, type LimitName, limitAmounts, MS_PER_MINUTE } from '../limits.ts';
import type { BudgetStatus } from './status.ts';

/** The format of a status message: sentences, or one short line of some 25 tokens. */
export type StatusFormat = 'text' | 'compact';

/** Options of {@link getBudgetStatusMessage}. */
export interface StatusMessageOptions {
  /** Default: `text`. */
  readonly format?: StatusFormat;
  /** The remaining share of a limit, 0 to 1, below which the message asks the model to wrap up; default: 0.1. */
  readonly wrapUpBelow?: number;
  /** The working time so far, milliseconds, for the pace; default: the time since the budget began. */
  readonly elapsedMs?: number;
}

const DEFAULT_WRAP_UP_BELOW = 0.1;

/** The beginning of every message, which identifies it. */
const MARK = '[token-budget]';

/** Whether a text is a status message. */
export function isBudgetStatusMessage(text: unknown): boolean {
  return typeof text === 'string' && text.startsWith(MARK);
}

/**
 * Describes a budget to a model: what is used and left of each limit, the time, the pace, and whether to
 * continue or to wrap up. Amounts reserved by open calls count as used, since the next call cannot have them.
 * @throws RangeError if `wrapUpBelow` is not a share
 * @example
 * const message = getBudgetStatusMessage(await tracker.status(), { format: 'compact' });
 * messages.push({ role: 'developer', content: message });
 */
export function getBudgetStatusMessage(status: BudgetStatus, options: StatusMessageOptions = {}): string {
  const { format = 'text', wrapUpBelow = DEFAULT_WRAP_UP_BELOW, elapsedMs = status.elapsedMs } = options;
  if (!(wrapUpBelow >= 0 && wrapUpBelow <= 1)) {
    throw new RangeError(`wrapUpBelow: got ${wrapUpBelow}, expected a share from 0 to 1`);
  }
  const uses = usesOf(status);
  const left = Math.min(1, ...uses.map(({ leftShare }) => leftShare));
  const wrapUp = status.exhausted || left < wrapUpBelow;
  const pace = paceOf(status, elapsedMs);
  return format === 'compact'
    ? compactMessage(uses, pace, wrapUp)
    : textMessage(uses, pace, wrapUp, elapsedMs);
}

/** The use of one limit, in words. */
interface LimitUse {
  readonly used: string;
  readonly of: string;
  readonly left: string;
  readonly leftShare: number;
}

/**
 * The speed at which the budget is used, and how long the rest lasts at that speed; undefined if not known
 * yet.
 */
interface Pace {
  readonly tokensPerMinute: number;
  readonly minutesLeft: number | undefined;
}

function textMessage(
  uses: readonly LimitUse[],
  pace: Pace | undefined,
  wrapUp: boolean,
  elapsedMs: number,
): string {
  const sentences = uses.map(
    ({ used, of, left, leftShare }) =>
      `Used ${used} of ${of} (${formatPercent(1 - leftShare)}), ${left} left.`,
  );
  if (uses.length === 0) sentences.push('No limit is set.');
  const lasts =
    pace?.minutesLeft === undefined
      ? ''
      : `, at which the rest lasts about ${formatDuration(pace.minutesLeft * MS_PER_MINUTE)}`;
  const speed = pace === undefined ? '' : ` at ${formatCount(pace.tokensPerMinute)} tokens a minute${lasts}`;
  sentences.push(`Worked for ${formatDuration(elapsedMs)}${speed}.`);
  sentences.push(
    wrapUp
      ? 'The budget is nearly gone: begin nothing new, finish what is open, and give the result that you have.'
      : 'Go on until the work is done or the budget is nearly gone; do not stop early to save it.',
  );
  return `${MARK} ${sentences.join(' ')}`;
}

function compactMessage(uses: readonly LimitUse[], pace: Pace | undefined, wrapUp: boolean): string {
  const parts = uses.map(({ left, leftShare }) => `${left} left (${formatPercent(leftShare)})`);
  if (uses.length === 0) parts.push('no limit');
  if (pace?.minutesLeft !== undefined)
    parts.push(`~${formatDuration(pace.minutesLeft * MS_PER_MINUTE)} at this pace`);
  return `${MARK} ${[...parts, wrapUp ? 'wrap up now' : 'go on'].join('; ')}`;
}

function usesOf({ limits, balances, elapsedMs }: BudgetStatus): LimitUse[] {
  const uses: LimitUse[] = [];
  const amounts = limitAmounts(limits);
  for (const [amount, name] of LIMIT_OF) {
    const limit = amounts[amount];
    if (limit === Infinity) continue;
    const used = balances.settled[amount] + balances.reserved[amount];
    const left = Math.max(0, limit - used);
    const leftShare = limit === 0 ? 0 : left / limit;
    uses.push({
      used: withoutUnit(name, used),
      of: withUnit(name, limit),
      left: withUnit(name, left),
      leftShare,
    });
  }
  if (limits.minutes !== undefined) {
    const limitMs = limits.minutes * MS_PER_MINUTE;
    const leftMs = Math.max(0, limitMs - elapsedMs);
    uses.push({
      used: formatDuration(elapsedMs),
      of: formatDuration(limitMs),
      left: formatDuration(leftMs),
      leftShare: limitMs === 0 ? 0 : leftMs / limitMs,
    });
  }
  return uses;
}

/** A shorter time says nothing about the pace, milliseconds. */
const MIN_ELAPSED_MS = 1_000;

function paceOf({ balances, left }: BudgetStatus, elapsedMs: number): Pace | undefined {
  if (elapsedMs < MIN_ELAPSED_MS || balances.settled.tokens === 0) return undefined;
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

function withoutUnit(name: LimitName, value: number): string {
  return name === 'costUsd' ? formatUsd(value) : formatCount(value);
}

function withUnit(name: LimitName, value: number): string {
  return name === 'costUsd' ? formatUsd(value) : `${formatCount(value)} ${name}`;
}

/** The format of the status that calls are sent with, or `off`. */
export type BudgetStatusSetting = StatusFormat | 'off';
