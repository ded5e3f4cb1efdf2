import { context, SpanKind, trace } from '@opentelemetry/api';
import {
  BudgetExceededError,
  fixedCost,
  NOTHING,
  type Reserve,
  type TokenBudgetTracker,
} from '../budget/index.ts';
import { NO_RATES, nanoToUsd, type RateCard } from '../pricing/index.ts';
import { type CallPlan, isTokenPlan, priceQuery } from '../providers/index.ts';
import { currentBudget } from '../telemetry/context/index.ts';
import { semconv } from '../telemetry/names/index.ts';
import { totalTokens } from '../usage/index.ts';
import { afterwards, isPromise, type MaybePromise } from '../util/index.ts';
import { Call } from './call.ts';
import { newCallId } from './call-id.ts';
import type { Begun } from './call-outcome.ts';
import { countedQuote, firstQuote } from './cost/index.ts';
import { tellNotCounted } from './report-unmetered.ts';
import { CallReservation } from './reservation.ts';
import type { CallHost } from './services.ts';
import { inputContent, requestAttributes, setError } from './telemetry/index.ts';

type Started = Omit<Begun, 'reservation' | 'card'> & {
  readonly tracker: TokenBudgetTracker;
  readonly id: string;
};

/**
 * Begins a call: starts its span and reserves its worst case.
 * @throws BudgetExceededError where the budget cannot pay for it
 * @throws PriceUnknownError where its model has no price and the policy is `error`
 */
export function beginCall(host: CallHost, plan: CallPlan): MaybePromise<Call> {
  const started = start(host, plan);
  try {
    const call = context.with(started.context, () => admit(host, started));
    return isPromise(call)
      ? call.catch((error: unknown) => Promise.reject(refuse(host, started, error)))
      : call;
  } catch (error) {
    throw refuse(host, started, error);
  }
}

function admit(host: CallHost, started: Started): MaybePromise<Call> {
  const { plan, tracker, id } = started;
  const card = cardOf(host, started);
  let request = firstReserve(host, started, card);
  const closer = isTokenPlan(plan)
    ? () => {
        request = { id, ...countedQuote(plan, card, host.memory).request };
        return request;
      }
    : undefined;
  return afterwards(
    tracker.reserve(request, tracker.strict ? closer : undefined, plan.signal),
    (admission) => {
      if (!admission.admitted) throw new BudgetExceededError(admission);
      const reservation = new CallReservation(tracker, request, admission);
      tellAdmission(host, started, reservation);
      return new Call(host, { ...started, card, reservation });
    },
  );
}

function start(host: CallHost, plan: CallPlan): Started {
  const caller = context.active();
  const tracker = currentBudget(caller) ?? host.tracker;
  const { budget } = tracker;
  const span = host.tracer.startSpan(
    plan.model === '' ? plan.endpoint.operation : `${plan.endpoint.operation} ${plan.model}`,
    {
      kind: SpanKind.CLIENT,
      attributes: {
        ...requestAttributes(plan),
        [semconv.ATTR_BUDGET_NAME]: budget.name,
        [semconv.ATTR_BUDGET_MODE]: budget.mode,
      },
    },
    caller,
  );
  if (host.captureContent) span.setAttributes(inputContent(plan));
  return {
    plan,
    tracker,
    span,
    context: trace.setSpan(caller, span),
    id: newCallId(),
    startedAt: performance.now(),
  };
}

function cardOf(host: CallHost, { plan, tracker }: Started): RateCard {
  // Work names its model when it is at its end, if at all.
  if (plan.model === '' && !isTokenPlan(plan)) return { model: '', source: 'none', tiers: NO_RATES };
  const card = host.prices.lookup(priceQuery(plan.provider, plan.model));
  if ((card.source === 'family' || card.source === 'none') && host.firstOfModel(plan.model)) {
    tracker.emit({
      type: 'price_unknown',
      budget: tracker.budget.name,
      model: plan.model,
      ...(card.pricedAs === undefined ? {} : { pricedAs: card.pricedAs }),
    });
  }
  return card;
}

/** Where nothing is refused for what it may cost, nothing is bounded either. */
function firstReserve(host: CallHost, { id, plan, tracker }: Started, card: RateCard): Reserve {
  if (!tracker.strict) return { id, ...fixedCost(NOTHING) };
  const quote = firstQuote(plan, card, host.memory, host.files);
  if (quote !== undefined) return { id, ...quote.request };
  tellNotCounted(host, tracker, plan.name, 'unbounded');
  return { id, ...fixedCost({ ...NOTHING, calls: 1 }) };
}

function refuse<E>(host: CallHost, started: Started, error: E): E {
  const { span } = started;
  span.setAttribute(semconv.ATTR_BUDGET_DECISION, 'deny');
  setError(span, error);
  span.end();
  countCall(host, started, 'deny');
  return error;
}

function tellAdmission(host: CallHost, started: Started, reservation: CallReservation): void {
  const { span, plan, tracker } = started;
  const { clampedTo, usage, costNanoUsd } = reservation;
  span.setAttribute(semconv.ATTR_BUDGET_DECISION, clampedTo === undefined ? 'admit' : 'clamp');
  if (tracker.strict) {
    span.setAttribute(semconv.ATTR_BUDGET_RESERVED_COST, nanoToUsd(costNanoUsd));
    span.setAttribute(semconv.ATTR_BUDGET_RESERVED_TOKENS, totalTokens(usage));
  }
  countCall(host, started, clampedTo === undefined ? 'admit' : 'clamp');
  if (clampedTo === undefined) return;
  const asked = plan.askedCap === undefined ? {} : { asked: plan.askedCap };
  span.setAttribute(semconv.ATTR_BUDGET_CAP_SENT, clampedTo);
  if (plan.askedCap !== undefined) span.setAttribute(semconv.ATTR_BUDGET_CAP_ASKED, plan.askedCap);
  tracker.emit({ type: 'clamped', budget: tracker.budget.name, sent: clampedTo, ...asked });
}

function countCall(host: CallHost, { plan, tracker }: Started, decision: string): void {
  host.instruments.calls.add(1, {
    [semconv.ATTR_BUDGET_NAME]: tracker.budget.name,
    [semconv.ATTR_BUDGET_DECISION]: decision,
    ...(plan.model === '' ? {} : { [semconv.ATTR_REQUEST_MODEL]: plan.model }),
  });
}
