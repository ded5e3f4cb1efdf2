import { type Amounts, addAmounts, NOTHING } from '../../budget/index.ts';
import { nanoToUsd } from '../../pricing/index.ts';
import { addUsage, type TokenUsage, tokenUsage } from '../../usage/index.ts';
import { type CallRecord, chargeOfRecord, usageOfRecord } from './call-record.ts';

/** A charge: calls, tokens and USD, which `costNanoUsd` states exactly. */
export interface ChargeReport {
  readonly calls: number;
  readonly tokens: number;
  readonly costUsd: number;
  readonly costNanoUsd: number;
}

/** The usage and cost of calls. */
export interface UsageReport extends ChargeReport {
  /** Tokens by kind, as responses reported them or as they were counted locally. */
  readonly usage: TokenUsage;
}

/** Converts amounts for a report. */
export function toChargeReport({ calls, tokens, costNanoUsd }: Amounts): ChargeReport {
  return { calls, tokens, costUsd: nanoToUsd(costNanoUsd), costNanoUsd };
}

/** The usage, charge and duration of calls, added up. */
export class CallTotals {
  #usage = tokenUsage();
  #charged: Amounts = NOTHING;
  #callMs = 0;

  /** Adds a call. */
  add(record: CallRecord): void {
    this.#usage = addUsage(this.#usage, usageOfRecord(record));
    this.#charged = addAmounts(this.#charged, chargeOfRecord(record));
    if (record.source !== 'none') this.#callMs += record.durationMs;
  }

  get charged(): Amounts {
    return this.#charged;
  }

  /** The total duration of the calls that were charged, milliseconds. */
  get callMs(): number {
    return this.#callMs;
  }

  toReport(): UsageReport {
    const { calls, ...charged } = toChargeReport(this.#charged);
    return { calls, usage: this.#usage, ...charged };
  }
}

/** The totals of a job's calls: of all, by model and by step. */
export class JobCallTotals {
  readonly all = new CallTotals();
  readonly byModel = new Map<string, CallTotals>();
  readonly byStep = new Map<string, CallTotals>();

  /** Adds a call. */
  add(record: CallRecord): void {
    this.all.add(record);
    totalsOf(this.byModel, record.model).add(record);
    if (record.step !== undefined) totalsOf(this.byStep, record.step).add(record);
  }
}

function totalsOf(byName: Map<string, CallTotals>, name: string): CallTotals {
  let totals = byName.get(name);
  if (totals === undefined) {
    totals = new CallTotals();
    byName.set(name, totals);
  }
  return totals;
}
