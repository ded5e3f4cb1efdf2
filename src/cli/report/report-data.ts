import type { LimitName } from '../../budget/index.ts';

/** The data of a report. Times are milliseconds since the epoch, money is USD. */
export interface ReportData {
  /** The file or the store that was read, without a password. */
  readonly source: string;
  readonly from: number;
  readonly to: number;
  readonly totals: ReportTotals;
  readonly spending: SpendingSeries;
  readonly budgets: readonly ReportedLimit[];
  readonly groups: readonly CallGroup[];
  /** Undefined if the source has no single calls. */
  readonly calls?: {
    readonly mostExpensive: readonly ReportedCall[];
    readonly slowest: readonly ReportedCall[];
  };
  readonly events: readonly ReportedEvent[];
}

/** The sums of a report. */
export interface ReportTotals {
  readonly costUsd: number;
  readonly calls: number;
  readonly tokens: number;
  /** Input tokens, cached ones included; undefined if the source does not know. */
  readonly input?: number;
  readonly cached?: number;
  readonly output?: number;
  /** Calls that were denied. */
  readonly denied?: number;
  /** Calls that failed for another reason. */
  readonly failed?: number;
}

/** Spending by interval, in one series for each model or budget. */
export interface SpendingSeries {
  /** What a series is: `model` or `budget`. */
  readonly by: string;
  readonly intervalMs: number;
  readonly starts: readonly number[];
  readonly series: readonly { readonly name: string; readonly costUsd: readonly number[] }[];
}

/** One limit of a budget, in its unit: USD, tokens, calls or minutes. */
export interface ReportedLimit {
  readonly name: string;
  readonly limit: LimitName;
  readonly value: number;
  readonly settled: number;
  readonly reserved: number;
  readonly left: number;
  /** What was left over time; empty if that is not known. */
  readonly history: readonly (readonly [at: number, left: number])[];
}

/** Calls grouped by one of their properties. */
export interface CallGroup {
  /** The property: `model`, `step`, an attribute. */
  readonly by: string;
  readonly rows: readonly CallGroupRow[];
}

/** The sums of the calls with one value of the property. */
export interface CallGroupRow {
  readonly name: string;
  readonly costUsd: number;
  readonly calls: number;
  readonly tokens: number;
}

/** A call, from its span. */
export interface ReportedCall {
  readonly at: number;
  readonly durationMs: number;
  readonly model: string;
  /** The span that the call was made in. */
  readonly step: string;
  readonly service: string;
  readonly budget: string;
  readonly decision: string;
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly costUsd: number;
  readonly traceId: string;
}

/** An event of a budget. */
export interface ReportedEvent {
  readonly at: number;
  /** Without the prefix `token_budget.`: `exhausted`. */
  readonly name: string;
  readonly budget: string;
  readonly text: string;
}
