import { type Amounts, addAmounts, NOTHING } from '../../budget/index.ts';
import { nanoToUsd } from '../../pricing/index.ts';
import { type TokenUsage, tokenUsage, USAGE_KINDS } from '../../usage/index.ts';
import { type CallRecord, chargeOfRecord, usageOfRecord } from './call-record.ts';

/** What was charged: calls, tokens, and USD for people; `costNanoUsd` is exact. */
export interface ChargeReport {
  readonly calls: number;
  readonly tokens: number;
  readonly costUsd: number;
  readonly costNanoUsd: number;
}

/** What calls used and cost. */
export interface UsageReport extends ChargeReport {
  /** Tokens by kind, as answers told them or as they were counted here. */
  readonly usage: TokenUsage;
}

export function toChargeReport({ calls, tokens, costNanoUsd }: Amounts): ChargeReport {
  return { calls, tokens, costUsd: nanoToUsd(costNanoUsd), costNanoUsd };
}

/** Adds up calls. */
export class CallTotals {
  #usage = tokenUsage();
  #charged: Amounts = NOTHING;
  #callMs = 0;

  add(record: CallRecord): void {
    const usage = usageOfRecord(record);
    this.#usage = tokenUsage(
      Object.fromEntries(USAGE_KINDS.map((kind) => [kind, this.#usage[kind] + usage[kind]])),
    );
    this.#charged = addAmounts(this.#charged, chargeOfRecord(record));
    if (record.source !== 'none') this.#callMs += record.durationMs;
  }

  get charged(): Amounts {
    return this.#charged;
  }

  /** How long the calls that were charged took, added up, milliseconds. */
  get callMs(): number {
    return this.#callMs;
  }

  toReport(): UsageReport {
    const { calls, ...charged } = toChargeReport(this.#charged);
    return { calls, usage: this.#usage, ...charged };
  }
}

/** The calls of a job, together, by model and by step. */
export class JobCallTotals {
  readonly all = new CallTotals();
  readonly byModel = new Map<string, CallTotals>();
  readonly byStep = new Map<string, CallTotals>();

  add(record: CallRecord): void {
    this.all.add(record);
    of(this.byModel, record.model).add(record);
    if (record.step !== undefined) of(this.byStep, record.step).add(record);
  }
}

function of(tallies: Map<string, CallTotals>, name: string): CallTotals {
  let tally = tallies.get(name);
  if (tally === undefined) {
    tally = new CallTotals();
    tallies.set(name, tally);
  }
  return tally;
}
