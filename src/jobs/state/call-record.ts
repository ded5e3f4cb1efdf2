import * as v from 'valibot';
import { type Amounts, addAmounts, type CallEvent, NOTHING } from '../../budget/index.ts';
import { type TokenUsage, tokenUsage, USAGE_KINDS, type UsageKind } from '../../usage/index.ts';

/** A call of a job as it is saved: its usage and charge, without any content. */
export interface CallRecord {
  /** The id of its reservation in the ledger; absent if it had none. */
  readonly id?: string | undefined;
  readonly step?: string | undefined;
  readonly model: string;
  /** The id of the response. */
  readonly response?: string | undefined;
  /** Tokens by kind, without kinds that are zero. */
  readonly usage: Partial<Record<UsageKind, number>>;
  readonly charged: Amounts;
  /** The charge of its earlier attempts. */
  readonly attempts?: Amounts | undefined;
  readonly source: CallEvent['source'];
  readonly durationMs: number;
  readonly error?: string | undefined;
}

const wholeNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const amounts = v.object({ costNanoUsd: wholeNumber, tokens: wholeNumber, calls: wholeNumber });
const schema = v.object({
  id: v.optional(v.string()),
  step: v.optional(v.string()),
  model: v.string(),
  response: v.optional(v.string()),
  usage: v.record(v.picklist(USAGE_KINDS), wholeNumber),
  charged: amounts,
  attempts: v.optional(amounts),
  source: v.picklist(['response', 'local', 'reservation', 'none']),
  durationMs: v.pipe(v.number(), v.finite(), v.minValue(0)),
  error: v.optional(v.string()),
});

/**
 * Returns the record of a call.
 * @param owner the prefix of its reservation's id in the ledger
 */
export function toCallRecord(event: CallEvent, owner: string): CallRecord {
  const { reservation, scope, usage, attempts } = event;
  return {
    ...(reservation === undefined ? {} : { id: owner + reservation }),
    ...(scope === undefined ? {} : { step: scope }),
    model: event.responseModel ?? event.model,
    ...(event.responseId === undefined ? {} : { response: event.responseId }),
    usage: Object.fromEntries(USAGE_KINDS.flatMap((kind) => (usage[kind] > 0 ? [[kind, usage[kind]]] : []))),
    charged: event.charged,
    ...(attempts.calls === 0 ? {} : { attempts }),
    source: event.source,
    durationMs: event.durationMs,
    ...(event.error === undefined ? {} : { error: event.error }),
  };
}

/** Parses lines of records. A damaged line is ignored: the charge of its call is in the ledger. */
export function parseCallRecords(lines: readonly string[]): CallRecord[] {
  return lines.flatMap((line) => {
    try {
      const parsed = v.safeParse(schema, JSON.parse(line));
      return parsed.success ? [parsed.output] : [];
    } catch {
      return [];
    }
  });
}

/** Returns the usage of a recorded call, tokens by kind. */
export function usageOfRecord({ usage }: CallRecord): TokenUsage {
  return tokenUsage(usage);
}

/** Returns the charge of a recorded call and its earlier attempts. */
export function chargeOfRecord({ charged, attempts }: CallRecord): Amounts {
  return addAmounts(charged, attempts ?? NOTHING);
}
