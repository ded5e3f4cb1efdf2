import { type Amounts, NOTHING, type TokenBudgetTracker } from '../../budget/index.ts';
import {
  nanoToUsd,
  type PriceSource,
  PriceUnknownError,
  priceUsage,
  type RateCard,
} from '../../pricing/index.ts';
import {
  addToolFees,
  type DeferredBill,
  type DeferredCompletion,
  type ParsedResponse,
  type Provider,
} from '../../providers/index.ts';
import { context, SpanKind } from '../../telemetry/api/index.ts';
import { budgetOfCall } from '../../telemetry/context/index.ts';
import { semconv, usageAttributes } from '../../telemetry/names/index.ts';
import { emitInferenceDetails } from '../../telemetry/signals/index.ts';
import { addUsage, type TokenUsage, tokenUsage, totalTokens } from '../../usage/index.ts';
import { andThen, type MaybePromise } from '../../util/index.ts';
import { outputMessages } from '../content/index.ts';
import { chargeUsage } from '../cost/index.ts';
import { type DeferredCall, deferredReservationName } from '../memory/index.ts';
import type { CallServices } from '../services.ts';
import {
  identityAttributes,
  outputAttributes,
  recordTokens,
  responseAttributes,
} from '../telemetry/index.ts';

/** The usage of a deferred call and its charge. */
interface Due {
  readonly usage: TokenUsage;
  readonly amounts: Amounts;
  readonly priceSource: PriceSource;
}

/**
 * Settles a deferred call that completed, once: by the first process that sees the completion. If it does not
 * report its usage, the whole reservation is charged: now if this process made the call, else when its lease
 * ends.
 */
export function settleDeferredCall(
  services: CallServices,
  completion: DeferredCompletion,
  provider: Provider,
): MaybePromise<void> {
  const call = services.deferredCalls.take(completion.id);
  const tracker = call?.tracker ?? budgetOfCall(services.tracker);
  const due = billedDue(services, completion, call, provider) ?? reservedDue(completion, call);
  if (due === undefined) return;
  const isFree = completion.bills?.length === 0;
  const name = deferredReservationName(completion.id);
  return andThen(tracker.settleTransferred(name, isFree ? NOTHING : due.amounts), (isFirst) => {
    if (!isFirst || isFree) return;
    reportExceeded(call, due.amounts);
    reportSettlement(services, completion, call, provider, tracker, due);
  });
}

/** The charge of a completion; undefined if it does not report its usage, or a price is unknown. */
function billedDue(
  services: CallServices,
  { bills, response, endpoint }: DeferredCompletion,
  call: DeferredCall | undefined,
  provider: Provider,
): Due | undefined {
  if (bills === undefined) return undefined;
  if (call !== undefined && endpoint.kind === 'responses') return responseDue(services, call, response);
  let costNanoUsd = 0;
  let usage = tokenUsage();
  let priceSource: PriceSource = 'book';
  for (const [index, bill] of bills.entries()) {
    const card = cardOf(services, bill, call, provider);
    if (card === undefined) return undefined;
    const { requests, serviceTier } = bill;
    const own =
      index === 0 && response.tools !== undefined
        ? addToolFees(bill.usage, response.tools, services.billedContainers)
        : bill.usage;
    costNanoUsd += priceUsage(card, own, { serviceTier, requests });
    usage = addUsage(usage, own);
    if (index === 0) priceSource = card.source;
  }
  return { usage, amounts: { costNanoUsd, tokens: totalTokens(usage), calls: 1 }, priceSource };
}

/** The charge of a background response, as of any other response to the request. */
function responseDue(
  services: CallServices,
  { plan, card, tracker }: DeferredCall,
  response: ParsedResponse,
): Due {
  const charge = chargeUsage(services, plan, card, response.usage.usage, response);
  const { usage, amounts, problems } = charge;
  if (problems.length > 0)
    tracker.emit({
      type: 'usage_missing',
      budget: tracker.budget.name,
      model: plan.model,
      reason: 'implausible',
      problems,
      charged: 'request',
    });
  return { usage, amounts, priceSource: charge.card.source };
}

/**
 * The prices of the billed model; undefined if it is not named, or the price is unknown and must not be
 * guessed.
 */
function cardOf(
  { prices }: CallServices,
  { model }: DeferredBill,
  call: DeferredCall | undefined,
  provider: Provider,
): RateCard | undefined {
  const requested = call === undefined || call.plan.model === '' ? undefined : call.card;
  if (model === undefined || model === call?.plan.model || requested?.source === 'override') return requested;
  const query = { model, provider: provider.name, baseUrl: provider.baseUrl };
  if (requested !== undefined && prices.findKnown(query) === undefined) return requested;
  try {
    return prices.lookup(query);
  } catch (error) {
    if (error instanceof PriceUnknownError) return undefined;
    throw error;
  }
}

/** The whole reservation; undefined if another process made the call. */
function reservedDue({ response }: DeferredCompletion, call: DeferredCall | undefined): Due | undefined {
  if (call === undefined) return undefined;
  const { problems } = response.usage;
  call.tracker.emit({
    type: 'usage_missing',
    budget: call.tracker.budget.name,
    model: response.model ?? call.plan.model,
    reason: problems.length > 0 ? 'implausible' : 'absent',
    problems,
    charged: 'reservation',
  });
  const usage = tokenUsage({ input: call.held.tokens });
  return { usage, amounts: call.held, priceSource: call.card.source };
}

/** Reports that a call of this process cost more than is held for it. */
function reportExceeded(call: DeferredCall | undefined, charged: Amounts): void {
  if (call?.tracker.strict !== true) return;
  const { tracker, plan, held } = call;
  const isUnbounded = held.costNanoUsd === 0 && held.tokens === 0;
  if (isUnbounded || (charged.costNanoUsd <= held.costNanoUsd && charged.tokens <= held.tokens)) return;
  tracker.emit({
    type: 'exceeded_reservation',
    budget: tracker.budget.name,
    model: plan.model,
    reason: 'unknown',
    reserved: held,
    charged,
  });
}

/** Reports the settlement as a span and metrics: what the call itself could not report. */
function reportSettlement(
  { telemetry: { tracer, instruments }, captureContent, contentEvents }: CallServices,
  { id, endpoint, response, object, bills }: DeferredCompletion,
  call: DeferredCall | undefined,
  provider: Provider,
  tracker: TokenBudgetTracker,
  { usage, amounts, priceSource }: Due,
): void {
  const model = call?.plan.model || response.model || bills?.[0]?.model || '';
  const identity = identityAttributes(call?.plan ?? { endpoint, provider, model });
  const { costNanoUsd } = amounts;
  const source = bills === undefined ? 'reservation' : 'response';
  const name = model === '' ? endpoint.operation : `${endpoint.operation} ${model}`;
  const attributes = {
    ...identity,
    ...responseAttributes(response),
    ...usageAttributes(usage, true, source, { costNanoUsd, source: priceSource }),
    [semconv.ATTR_BUDGET_NAME]: tracker.budget.name,
    [semconv.ATTR_BUDGET_MODE]: tracker.budget.mode,
    [semconv.ATTR_BUDGET_WORK_ID]: id,
  };
  const messages = captureContent || contentEvents ? outputMessages(object, response.finishReasons) : [];
  const content = captureContent ? outputAttributes(messages) : {};
  tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes: { ...attributes, ...content } }).end();
  if (contentEvents && messages.length > 0)
    emitInferenceDetails(context.active(), { ...attributes, [semconv.ATTR_OUTPUT_MESSAGES]: messages });
  tracker.emit({
    type: 'call',
    origin: 'deferred',
    budget: tracker.budget.name,
    operation: endpoint.operation,
    model,
    ...(response.model === undefined ? {} : { responseModel: response.model }),
    responseId: id,
    stream: false,
    usage,
    charged: amounts,
    attempts: NOTHING,
    source,
    durationMs: 0,
  });
  const withBudget = { ...identity, [semconv.ATTR_BUDGET_NAME]: tracker.budget.name };
  recordTokens(instruments, { endpoint }, usage, source, identity, withBudget);
  if (costNanoUsd > 0) {
    instruments.cost.add(nanoToUsd(costNanoUsd), withBudget);
    instruments.callCost.record(nanoToUsd(costNanoUsd), withBudget);
  }
}
