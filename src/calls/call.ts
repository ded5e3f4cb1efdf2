import {
  type Amounts,
  type BudgetEvent,
  BudgetExceededError,
  fixedWorstCase,
  NOTHING,
  type ReserveResult,
  type TokenBudgetTracker,
} from '../budget/index.ts';
import { FREE_TIERS, hidesReasoning, type RateCard } from '../pricing/index.ts';
import {
  type CallPlan,
  isTokenPlan,
  type ParsedResponse,
  parseResponse,
  responseTexts,
  type StreamReader,
} from '../providers/index.ts';
import {
  type Attributes,
  type Context,
  context,
  diag,
  failOpen,
  type Span,
  trace,
} from '../telemetry/api/index.ts';
import {
  budgetOfCall,
  type ChargeableSpan,
  PENDING_CHARGE,
  type PendingCharge,
} from '../telemetry/context/index.ts';
import { type TokenUsage, tokenUsage, totalTokens } from '../usage/index.ts';
import {
  andThen,
  isPromise,
  isRecord,
  keepAlive,
  type MaybePromise,
  newUniqueId,
  shareClass,
} from '../util/index.ts';
import type { Message } from './content/index.ts';
import {
  type Charge,
  chargeUsage,
  estimateUsage,
  exceededReason,
  fillMissingUsage,
  initialWorstCase,
  inputOf,
  tokenizedWorstCase,
  withPlausibleCounts,
} from './cost/index.ts';
import { AbandonedError, failureCharge, isRefusal } from './failure-billing.ts';
import type { FailureCharge } from './failure-charges.ts';
import { DEFERRED_LEASE_MS, deferredReservationName } from './memory/index.ts';
import { type Layer, sendInside } from './nested/index.ts';
import type { CallOutcome, StartedCall } from './outcome.ts';
import { reportUnmetered } from './report-unmetered.ts';
import { CallReservation } from './reservation.ts';
import type { ActiveCall, CallServices } from './services.ts';
import {
  captureOutput,
  recordOutputChunk,
  reportAdmission,
  reportDenial,
  reportEnd,
  setRemaining,
  startCallSpan,
} from './telemetry/index.ts';

/*
 * The life of a call, top to bottom: plan, price, reserve, send, read, end. Ending the span settles the call:
 * BudgetSpanProcessor.onEnding calls Call.settle.
 */

/**
 * Starts the call of a plan, failing open: returns undefined, so that the request is sent as if this package
 * were not there, if our own code fails. A request that is sent on ({@link passOn}) must not get here.
 * @param plan undefined if the request is not a metered call
 * @throws the refusals of {@link startCall}
 */
export async function tryStartCall(
  services: CallServices,
  plan: CallPlan | undefined,
): Promise<Call | undefined> {
  if (plan === undefined) return undefined;
  try {
    const batchFile = plan.body['input_file_id'];
    if (typeof batchFile === 'string') await services.batchFiles.ready(batchFile);
    return await startCall(services, plan);
  } catch (error) {
    if (isRefusal(error)) throw error;
    // The client sees the aborted signal too, and throws its own error.
    if (plan.signal?.aborted !== true)
      diag.error('otel-token-budget: starting a call failed; it is sent without a budget', error);
    return undefined;
  }
}

/**
 * Starts a call: starts its span, looks up its price and reserves its worst case. Answers in the same turn if
 * the store does.
 * @throws BudgetExceededError if the budget cannot pay for the call
 * @throws PriceUnknownError if its model has no known price and the policy is `error`
 * @throws UnmeteredEndpointError if its cost is unbounded and `unmeteredEndpoints` is `refuse`
 */
export function startCall(services: CallServices, plan: CallPlan): MaybePromise<Call> {
  startTelemetry(services);
  const startedAt = performance.now();
  const parent = context.active();
  const tracker = budgetOfCall(services.tracker, parent);
  const { span, identity } = startCallSpan(services, plan, tracker, parent);
  const callContext = trace.setSpan(parent, span);
  const deny = (error: unknown): never => {
    reportDenial(services.telemetry.instruments, plan, tracker, span, error);
    throw error;
  };
  try {
    const call = context.with(callContext, () => {
      const card = lookUpPrice(services, plan, tracker);
      return andThen(reserveWorstCase(services, plan, tracker, card), (reserved) => {
        if (!reserved.admitted) throw new BudgetExceededError(reserved);
        const reservation = new CallReservation(tracker, reserved);
        const started = new Call(services, {
          plan,
          span,
          identity,
          context: callContext,
          card,
          reservation,
          startedAt,
        });
        reportAdmission(services.telemetry.instruments, started);
        return started;
      });
    });
    return isPromise(call) ? call.catch(deny) : call;
  } catch (error) {
    return deny(error);
  }
}

/** Starts telemetry before the first call: by now the host has registered its own SDK, if it has one. */
function startTelemetry(services: CallServices): void {
  const { onFirstCall } = services;
  if (onFirstCall === undefined) return;
  services.onFirstCall = undefined;
  failOpen('starting telemetry', onFirstCall);
}

function lookUpPrice(services: CallServices, plan: CallPlan, tracker: TokenBudgetTracker): RateCard {
  const { model } = plan;
  // A deferred call names its model when it completes, if at all.
  if (model === '' && !isTokenPlan(plan)) return { model, source: 'none', tiers: FREE_TIERS };
  const card = services.prices.lookup(plan.priceQuery);
  if ((card.source === 'family' || card.source === 'none') && services.unpricedModels.isNew(model)) {
    const { pricedAs } = card;
    const budget = tracker.budget.name;
    tracker.emit({ type: 'price_unknown', budget, model, ...(pricedAs === undefined ? {} : { pricedAs }) });
  }
  return card;
}

function reserveWorstCase(
  services: CallServices,
  plan: CallPlan,
  tracker: TokenBudgetTracker,
  card: RateCard,
): MaybePromise<ReserveResult> {
  const { history, batchFiles } = services;
  const id = newUniqueId();
  // A budget that refuses nothing for its cost bounds nothing either.
  if (!tracker.strict) return tracker.reserve({ id, ...fixedWorstCase(NOTHING) }, undefined, plan.signal);
  const worstCase = initialWorstCase(plan, card, history, batchFiles);
  if (worstCase === undefined) reportUnmetered(services, tracker, plan.endpoint.name, 'unbounded');
  // Tokenized only if the cheap bound would deny or clamp the call.
  const refine =
    isTokenPlan(plan) && worstCase !== undefined
      ? () => ({ id, ...tokenizedWorstCase(plan, card, history) })
      : undefined;
  const request = { id, ...(worstCase ?? fixedWorstCase({ ...NOTHING, calls: 1 })) };
  return tracker.reserve(request, refine, plan.signal);
}

/** How a stream ended: complete, cut before its last event, or with an error. */
export type StreamEnd = 'complete' | 'cut' | { readonly error: unknown };

/**
 * Chunks that are less apart have arrived together. They say nothing of the service, and to record a value takes
 * longer than all else that is done for a chunk: about 1.4 µs with @opentelemetry/sdk-metrics 3.1 on Node 24.
 */
const MIN_CHUNK_INTERVAL_MS = 1;

/** A call that is under way. It ends once, whoever sees it end first; later reports are ignored. */
export class Call implements StartedCall, ActiveCall, PendingCharge {
  readonly plan: CallPlan;
  readonly span: Span;
  readonly identity: Attributes;
  readonly context: Context;
  readonly card: RateCard;
  readonly reservation: CallReservation;
  readonly startedAt: number;
  /** Its position among the active calls. */
  index = -1;
  firstChunkSeconds: number | undefined;
  output: readonly Message[] = [];
  /** By the monotonic clock, milliseconds. */
  #lastChunkAt = 0;
  readonly #services: CallServices;
  /** What the last attempt is charged if the client repeats it. */
  #attemptCharge: FailureCharge = 'nothing';
  #due: Amounts = NOTHING;
  /** The id of the work that continues in the service, and what to hold for it beyond the reservation. */
  #deferred: { readonly id: string; readonly hold: Amounts } | undefined;
  #ended = false;
  #settled = false;

  constructor(services: CallServices, started: Omit<StartedCall, 'firstChunkSeconds' | 'output'>) {
    this.plan = started.plan;
    this.span = started.span;
    this.identity = started.identity;
    this.context = started.context;
    this.card = started.card;
    this.reservation = started.reservation;
    this.startedAt = started.startedAt;
    this.#services = services;
    Object.defineProperty(started.span, PENDING_CHARGE, { value: this, writable: true });
    services.activeCalls.add(this);
  }

  /** Whether the call must not use more than what is reserved for it. */
  get strict(): boolean {
    return this.reservation.tracker.strict;
  }

  /** Whether prompts and completions are captured. */
  get capturesContent(): boolean {
    return this.#services.captureContent || this.#services.contentEvents;
  }

  // ── Send ─────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Sends the request in the context of the call. The layers below do not meter it again.
   * @param sender the client, or the function, that sends it
   * @throws what `send` throws, after it is recorded
   */
  async send<T>(layer: Layer, sender: object, send: () => PromiseLike<T>): Promise<T> {
    const request = { call: this, plan: this.plan, layer, sender, isPassedOn: false, isOver: false };
    try {
      const response = await sendInside(request, () => context.with(this.context, send));
      this.recordHeaders();
      return response;
    } catch (error) {
      failOpen('recording a failed request', () => this.recordFailure(error, 'request'));
      throw error;
    }
  }

  /**
   * Records that the headers of a response arrived: if the client repeats the request from here, its body was
   * lost.
   */
  recordHeaders(): void {
    this.#attemptCharge = 'worst-case';
  }

  /**
   * Records that an attempt failed; the client may repeat it.
   * @param error what the attempt threw, or its response with an error status
   */
  recordFailedAttempt(error: unknown): void {
    this.#attemptCharge = this.#failureCharge(error);
  }

  /**
   * Before the client repeats the request: charges an attempt that may have been billed, reserves for the
   * next.
   * @throws BudgetExceededError if the budget cannot pay for another attempt
   */
  async beforeRetry(): Promise<void> {
    const charge = this.#attemptCharge;
    this.#attemptCharge = 'nothing';
    const failed = this.#failedCharge(charge);
    if (failed !== undefined) await keepAlive(this.reservation.renew(failed.amounts));
  }

  /** The charge of a failed request: its reservation, what is counted locally, or undefined for nothing. */
  #failedCharge(charge: FailureCharge): Charge | undefined {
    if (charge === 'nothing') return undefined;
    if (charge === 'worst-case')
      return this.strict ? this.#reservedCharge() : this.#chargeUsage(this.#estimateUsage([]));
    const input = this.#chargeUsage(inputOf(this.#estimateUsage([])));
    const { costNanoUsd, tokens } = input.amounts;
    return costNanoUsd > 0 || tokens > 0 ? input : undefined;
  }

  #failureCharge(error: unknown): FailureCharge {
    return failureCharge(error, this.plan.clientErrors, this.#services.failureCharges);
  }

  // ── Read ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Records a complete response. */
  recordResponse(value: unknown): void {
    if (this.#ended) return;
    const parsed = parseResponse(value, this.plan.endpoint);
    const answers = responseTexts(value, 'answer');
    const response = this.#withEndpointUsage(parsed, value);
    this.#capture(value, response);
    if (response.unfinished && response.id !== undefined) this.#defer(response, response.id);
    else {
      // What is not an object is not the model's: a page of a gateway, behind which the model may have worked.
      const isForeign = isTokenPlan(this.plan) && !isRecord(value);
      const fallback = (response.unfinished || isForeign) && this.strict ? 'reservation' : 'local';
      this.#conclude(this.#withPlausibleCounts(response, answers), fallback, () => responseTexts(value));
    }
  }

  /** Records that an event of a stream arrived. */
  recordChunk(): void {
    const now = performance.now();
    const sinceLast = now - this.#lastChunkAt;
    this.#lastChunkAt = now;
    if (this.firstChunkSeconds === undefined) this.firstChunkSeconds = (now - this.startedAt) / 1_000;
    else if (sinceLast >= MIN_CHUNK_INTERVAL_MS)
      recordOutputChunk(this.#services.telemetry.instruments, this, sinceLast / 1_000);
  }

  /** Records the end of a stream. */
  recordStream(reader: StreamReader, end: StreamEnd): void {
    if (this.#ended) return;
    const { body, endpoint, model } = this.plan;
    const response = this.#withEndpointUsage(
      end === 'complete' && reader.error === undefined ? reader.response() : reader.cutResponse(),
      reader.lastReported,
    );
    this.#capture(reader.assembled, response);
    const isDeferrable = body['background'] === true || endpoint.operation === 'invoke_agent';
    if (isDeferrable && response.unfinished && response.id !== undefined) {
      this.#defer(response, response.id);
      return;
    }
    // Hidden reasoning cannot be counted from the text.
    const isHidden = !reader.usageSeen && (hidesReasoning(model) || hidesReasoning(response.model ?? ''));
    // A stream without any event is not the model's either.
    const isForeign = end === 'complete' && this.firstChunkSeconds === undefined;
    const fallback = this.strict && (isHidden || isForeign) ? 'reservation' : 'local';
    const error = typeof end === 'object' ? end.error : reader.error;
    const plausible = this.#withPlausibleCounts(response, reader.answers);
    this.#conclude(plausible, fallback, () => reader.texts, { cut: end !== 'complete', error });
  }

  /**
   * Records that the call failed.
   * @param phase `request`: before the headers of a response arrived; `response`: after
   */
  recordFailure(error: unknown, phase: 'request' | 'response'): void {
    if (this.#ended) return;
    const charge = phase === 'request' ? this.#failureCharge(error) : 'worst-case';
    const isUnsent = phase === 'request' && this.plan.aborted;
    const failed = isUnsent ? undefined : this.#failedCharge(charge);
    if (failed === undefined) {
      this.#end({ due: NOTHING, error });
      return;
    }
    const response = parseResponse(undefined, this.plan.endpoint);
    const source = this.strict && charge === 'worst-case' ? 'reservation' : 'local';
    this.#conclude(response, source, () => [], { cut: true, error, charge: failed });
  }

  /** Ends the call whose end will not be seen: its response was never read, or the process exits. */
  abandon(why: string): void {
    this.recordFailure(new AbandonedError(why), 'response');
  }

  #capture(value: unknown, response: ParsedResponse): void {
    if (this.capturesContent) this.output = captureOutput(this.#services, this.span, value, response);
  }

  /** Reads the usage as the endpoint reports it, if not in tokens of text. */
  #withEndpointUsage(response: ParsedResponse, value: unknown): ParsedResponse {
    const { endpoint } = this.plan;
    if (endpoint.kind !== 'unit-priced') return response;
    const fields = isRecord(value) ? value : { text: value };
    return { ...response, usage: endpoint.pricing.readUsage(fields, this.plan, this.card) };
  }

  /** The response without counts that are far below those of its texts. */
  #withPlausibleCounts(response: ParsedResponse, answers: readonly string[]): ParsedResponse {
    const { plan, reservation } = this;
    if (!isTokenPlan(plan)) return response;
    const inputTokens = this.strict ? reservation.inputTokens : 0;
    const usage = withPlausibleCounts(plan, inputTokens, response.usage, answers);
    return usage === response.usage ? response : { ...response, usage };
  }

  #estimateUsage(texts: Iterable<string>): TokenUsage {
    const { plan } = this;
    if (isTokenPlan(plan)) return estimateUsage(plan, texts, this.#services.history);
    const { endpoint } = plan;
    return endpoint.kind === 'unit-priced' ? endpoint.pricing.estimateUsage(plan, this.card) : tokenUsage();
  }

  // ── End ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Ends a call whose work continues in the service: its reservation is held until the work is settled. */
  #defer(response: ParsedResponse, id: string): void {
    const { plan, card, reservation, strict } = this;
    let hold: Amounts = NOTHING;
    // Nothing was reserved: what is known so far is charged if the completion is never seen.
    if (!strict) hold = this.#chargeUsage(this.#estimateUsage([]), response).amounts;
    this.#deferred = { id, hold };
    const held = strict ? reservation.amounts : hold;
    this.#services.deferredCalls.remember(id, { tracker: reservation.tracker, plan, card, held });
    this.#end({ due: NOTHING, response, deferredId: id });
  }

  /** Charges the usage of the response; `fallback` says what replaces the usage that is missing. */
  #conclude(
    response: ParsedResponse,
    fallback: 'local' | 'reservation',
    texts: () => Iterable<string>,
    { cut = false, error, charge: failed }: { cut?: boolean; error?: unknown; charge?: Charge } = {},
  ): void {
    const { plan, reservation } = this;
    const { inputKnown, outputKnown } = response.usage;
    const isComplete = inputKnown && outputKnown;
    const source = isComplete ? 'response' : fallback;
    const charge =
      failed ?? (source === 'reservation' ? this.#reservedCharge() : this.#usageCharge(response, texts));
    const reported = response.usage.problems;
    const problems = charge.problems.length === 0 ? reported : [...reported, ...charge.problems];
    if (!isComplete || problems.length > 0) {
      const reason = problems.length > 0 ? 'implausible' : cut ? 'cut' : 'absent';
      const budget = reservation.tracker.budget.name;
      const isUnearned = isComplete && charge.problems.length > 0;
      const charged = isUnearned ? 'request' : source === 'reservation' ? 'reservation' : 'local';
      this.#emit({ type: 'usage_missing', budget, model: plan.model, reason, problems, charged });
    }
    this.#reportExceeded(charge, response);
    if (plan.endpoint.kind === 'responses')
      this.#services.history.remember(response.id, plan.body, charge.usage);
    this.#end({ due: charge.amounts, response, charge, source, error });
  }

  #reportExceeded(charge: Charge, response: ParsedResponse): void {
    const { plan, reservation } = this;
    const { costNanoUsd, tokens } = reservation.amounts;
    const isCovered = charge.amounts.costNanoUsd <= costNanoUsd && charge.amounts.tokens <= tokens;
    // A call without a bound, of which nothing was reserved, is reported at its start.
    if (!this.strict || isCovered || (costNanoUsd === 0 && tokens === 0)) return;
    const reason = exceededReason(plan, this.card, reservation, charge, response);
    this.#emit({
      type: 'exceeded_reservation',
      budget: reservation.tracker.budget.name,
      model: plan.model,
      ...(response.model === undefined ? {} : { responseModel: response.model }),
      reason,
      reserved: reservation.amounts,
      charged: charge.amounts,
    });
  }

  #reservedCharge(): Charge {
    const { usage, amounts } = this.reservation;
    const { costNanoUsd } = amounts;
    return {
      usage,
      amounts: { costNanoUsd, tokens: totalTokens(usage), calls: 1 },
      card: this.card,
      problems: [],
    };
  }

  #chargeUsage(usage: TokenUsage, response: Parameters<typeof chargeUsage>[4] = {}): Charge {
    return chargeUsage(this.#services, this.plan, this.card, usage, response);
  }

  #usageCharge(response: ParsedResponse, texts: () => Iterable<string>): Charge {
    const reading = response.usage;
    const isComplete = reading.inputKnown && reading.outputKnown;
    const usage = isComplete ? reading.usage : fillMissingUsage(reading, this.#estimateUsage(texts()));
    return this.#chargeUsage(usage, response);
  }

  #end(outcome: CallOutcome): void {
    this.#ended = true;
    this.#due = outcome.due;
    this.#services.activeCalls.delete(this);
    this.#inContext(() => {
      reportEnd(this.#services, this, outcome);
      if (!this.#settled) void failOpen('charging a call', () => this.settle());
    });
  }

  /**
   * Charges the call, once: called by the span processor, or by the call itself if no processor saw its span.
   */
  settle(): MaybePromise<void> {
    if (this.#settled || !this.#ended) return;
    this.#settled = true;
    (this.span as ChargeableSpan)[PENDING_CHARGE] = undefined;
    return this.#inContext((): MaybePromise<void> => {
      const deferred = this.#deferred;
      const done =
        deferred === undefined
          ? this.reservation.settle(this.#due)
          : this.reservation.transfer(deferredReservationName(deferred.id), DEFERRED_LEASE_MS, deferred.hold);
      if (isPromise(done)) {
        return done.then(
          () => undefined,
          (error: unknown) => diag.error('otel-token-budget: charging a call failed', error),
        );
      }
      if (this.span.isRecording()) setRemaining(this.span, this.reservation.tracker.lastRemaining);
      return undefined;
    });
  }

  #emit(event: BudgetEvent): void {
    this.#inContext(() => this.reservation.tracker.emit(event));
  }

  /** Runs in the context of the call; to check whether it is active is faster than to enter it again. */
  #inContext<T>(run: () => T): T {
    return context.active() === this.context ? run() : context.with(this.context, run);
  }
}

// A layer below may be of another copy of this package.
shareClass(Call, 'Call');
