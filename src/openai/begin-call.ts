import { randomUUID } from 'node:crypto';
import { context, SpanKind, trace } from '@opentelemetry/api';
import {
  type Admitted,
  afterwards,
  BudgetExceededError,
  isPromise,
  type MaybePromise,
  NOTHING,
  type Reserve,
  type TokenBudgetTracker,
} from '../budget/index.ts';
import { currentBudget } from '../otel/current-budget.ts';
import * as semconv from '../otel/semconv.ts';
import type { RateCard } from '../pricing/index.ts';
import { type Begun, Call, type CallHost, setError } from './call.ts';
import { inputContent } from './content.ts';
import type { CallPlan } from './plan.ts';
import { boundQuote, countedQuote } from './quote.ts';
import { requestAttributes } from './request-attributes.ts';
import { CallReservation } from './reservation.ts';

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
  const card = context.with(started.context, () => cardOf(host, started));
  let request = firstReserve(host, started, card);
  const closer = () => {
    request = { id: started.id, ...countedQuote(plan, card, host.memory).request };
    return request;
  };
  const { tracker } = started;
  const reserve = () => tracker.reserve(request, tracker.strict ? closer : undefined, plan.signal);
  const answer = context.with(started.context, reserve);
  const told = isPromise(answer)
    ? answer.catch((error: unknown) => Promise.reject(refuse(host, started, error)))
    : answer;
  return afterwards(told, (admission) => {
    if (!admission.admitted) throw refuse(host, started, new BudgetExceededError(admission));
    tellAdmission(host, started, admission);
    return new Call(host, {
      ...started,
      card,
      reservation: new CallReservation(tracker, request, admission),
    });
  });
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
    id: randomUUID(),
    startedAt: performance.now(),
  };
}

function cardOf(host: CallHost, started: Started): RateCard {
  const { plan, tracker } = started;
  const { baseUrl } = plan.provider;
  try {
    const card = host.prices.lookup({ model: plan.model, ...(baseUrl === undefined ? {} : { baseUrl }) });
    if ((card.source === 'family' || card.source === 'none') && host.firstOfModel(plan.model)) {
      tracker.emit({
        type: 'price_unknown',
        budget: tracker.budget.name,
        model: plan.model,
        ...(card.pricedAs === undefined ? {} : { pricedAs: card.pricedAs }),
      });
    }
    return card;
  } catch (error) {
    throw refuse(host, started, error);
  }
}

/** Where nothing is refused for what it may cost, nothing is bounded either. */
function firstReserve(host: CallHost, { id, plan, tracker }: Started, card: RateCard): Reserve {
  if (tracker.strict) return { id, ...boundQuote(plan, card, host.memory).request };
  return { id, fixed: NOTHING, outputPicoUsd: 0, choices: 1, outputCap: plan.outputCap, capped: true };
}

function refuse<E>(host: CallHost, started: Started, error: E): E {
  const { span } = started;
  span.setAttribute(semconv.ATTR_BUDGET_DECISION, 'deny');
  setError(span, error);
  span.end();
  countCall(host, started, 'deny');
  return error;
}

function tellAdmission(host: CallHost, started: Started, admitted: Admitted): void {
  const { span, plan, tracker, context: within } = started;
  const clamped = admitted.outputCap < plan.outputCap;
  span.setAttribute(semconv.ATTR_BUDGET_DECISION, clamped ? 'clamp' : 'admit');
  countCall(host, started, clamped ? 'clamp' : 'admit');
  if (!clamped) return;
  const asked = plan.askedCap === undefined ? {} : { asked: plan.askedCap };
  span.setAttribute(semconv.ATTR_BUDGET_CAP_SENT, admitted.outputCap);
  if (plan.askedCap !== undefined) span.setAttribute(semconv.ATTR_BUDGET_CAP_ASKED, plan.askedCap);
  const budget = tracker.budget.name;
  context.with(within, () => tracker.emit({ type: 'clamped', budget, sent: admitted.outputCap, ...asked }));
}

function countCall(host: CallHost, { plan, tracker }: Started, decision: string): void {
  host.instruments.calls.add(1, {
    [semconv.ATTR_BUDGET_NAME]: tracker.budget.name,
    [semconv.ATTR_BUDGET_DECISION]: decision,
    ...(plan.model === '' ? {} : { [semconv.ATTR_REQUEST_MODEL]: plan.model }),
  });
}
