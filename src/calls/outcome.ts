import type { Amounts } from '../budget/index.ts';
import type { RateCard } from '../pricing/index.ts';
import type { CallPlan, ParsedResponse } from '../providers/index.ts';
import type { Attributes, Context, Span } from '../telemetry/api/index.ts';
import type { UsageSource } from '../telemetry/names/index.ts';
import type { Message } from './content/index.ts';
import type { Charge } from './cost/index.ts';
import type { CallReservation } from './reservation.ts';

/** A call that was admitted. */
export interface StartedCall {
  readonly plan: CallPlan;
  readonly span: Span;
  /** The attributes that its metrics share. */
  readonly identity: Attributes;
  /** The caller's context with the span in it. */
  readonly context: Context;
  /** The prices of the requested model. */
  readonly card: RateCard;
  readonly reservation: CallReservation;
  /** By the monotonic clock, milliseconds. */
  readonly startedAt: number;
  /** Seconds from the start to the first chunk of a stream. */
  readonly firstChunkSeconds: number | undefined;
  /** The generated messages, if content is captured. */
  readonly output: readonly Message[];
}

/** How a call ended. */
export interface CallOutcome {
  /** The amounts to charge when the call settles. */
  readonly due: Amounts;
  readonly response?: ParsedResponse;
  /** Absent if the call cost nothing, or its charge is deferred. */
  readonly charge?: Charge;
  /** Where the usage of the charge comes from. */
  readonly source?: UsageSource;
  readonly error?: unknown;
  /** The id of the work that continues in the service. */
  readonly deferredId?: string;
}
