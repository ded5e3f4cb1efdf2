import * as v from 'valibot';
import { type Amounts, addAmounts, type CallEvent, NOTHING } from '../../budget/index.ts';
import { type TokenUsage, tokenUsage, USAGE_KINDS, type UsageKind } from '../../usage/index.ts';

/** A call of a job, as it is kept: what it used and was charged; nothing of what was said. */
export interface CallRecord {
  /** The id of its reservation in the ledger; absent where it had none. */
  readonly id?: string | undefined;
  readonly step?: string | undefined;
  readonly model: string;
  /** As the service names the answer. */
  readonly response?: string | undefined;
  /** The kinds of which it used some, tokens. */
  readonly usage: Partial<Record<UsageKind, number>>;
  readonly charged: Amounts;
  /** What earlier attempts of it were charged. */
  readonly attempts?: Amounts | undefined;
  readonly source: CallEvent['source'];
  readonly durationMs: number;
  readonly error?: string | undefined;
}

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const amounts = v.object({ costNanoUsd: whole, tokens: whole, calls: whole });
const schema = v.object({
  id: v.optional(v.string()),
  step: v.optional(v.string()),
  model: v.string(),
  response: v.optional(v.string()),
  usage: v.record(v.picklist(USAGE_KINDS), whole),
  charged: amounts,
  attempts: v.optional(amounts),
  source: v.picklist(['response', 'local', 'reservation', 'none']),
  durationMs: v.pipe(v.number(), v.finite(), v.minValue(0)),
  error: v.optional(v.string()),
});

/** @param owner what the id of its reservation begins with in the ledger */
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

/** The records of lines; a line that is damaged tells nothing: what it was charged is in the ledger. */
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

export function usageOfRecord({ usage }: CallRecord): TokenUsage {
  return tokenUsage(usage);
}

/** All that the call was charged, earlier attempts too. */
export function chargeOfRecord({ charged, attempts }: CallRecord): Amounts {
  return addAmounts(charged, attempts ?? NOTHING);
}
