import { randomUUID } from 'node:crypto';
import { context, SpanKind, trace } from '@opentelemetry/api';
import {
  type Admitted,
  afterwards,
  BudgetExceededError,
  type MaybePromise,
  NOTHING,
  type Reserve,
} from '../budget/index.ts';
import * as semconv from '../otel/semconv.ts';
import type { RateCard } from '../pricing/index.ts';
import { type Begun, Call, type CallHost, setError } from './call.ts';
import { inputContent } from './content.ts';
import type { CallPlan } from './plan.ts';
import { boundQuote, countedQuote } from './quote.ts';
import { requestAttributes } from './request-attributes.ts';

type Started = Omit<Begun, 'request' | 'admitted' | 'card'>;

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
  const strict = host.tracker.budget.mode === 'strict';
  const answer = context.with(started.context, () =>
    host.tracker.reserve(request, strict ? closer : undefined),
  );
  return afterwards(answer, (admission) => {
    if (!admission.admitted) throw refuse(host, started, new BudgetExceededError(admission));
    tellAdmission(host, started, admission);
    return new Call(host, { ...started, card, request, admitted: admission });
  });
}

function start(host: CallHost, plan: CallPlan): Started {
  const caller = context.active();
  const { budget } = host.tracker;
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
  return { plan, span, context: trace.setSpan(caller, span), id: randomUUID(), startedAt: performance.now() };
}

function cardOf(host: CallHost, started: Started): RateCard {
  const { plan } = started;
  const { baseUrl } = plan.provider;
  try {
    const card = host.prices.lookup({ model: plan.model, ...(baseUrl === undefined ? {} : { baseUrl }) });
    if ((card.source === 'family' || card.source === 'none') && host.firstOfModel(plan.model)) {
      host.tracker.emit({
        type: 'price_unknown',
        budget: host.tracker.budget.name,
        model: plan.model,
        ...(card.pricedAs === undefined ? {} : { pricedAs: card.pricedAs }),
      });
    }
    return card;
  } catch (error) {
    throw error instanceof Error ? refuse(host, started, error) : error;
  }
}

/** Where nothing is refused for what it may cost, nothing is bounded either. */
function firstReserve(host: CallHost, { id, plan }: Started, card: RateCard): Reserve {
  if (host.tracker.budget.mode === 'strict') return { id, ...boundQuote(plan, card, host.memory).request };
  return { id, fixed: NOTHING, outputPicoUsd: 0, choices: 1, outputCap: plan.outputCap, capped: true };
}

function refuse(host: CallHost, { span, plan }: Started, error: Error): Error {
  span.setAttribute(semconv.ATTR_BUDGET_DECISION, 'deny');
  setError(span, error);
  span.end();
  countCall(host, plan, 'deny');
  return error;
}

function tellAdmission(host: CallHost, { span, plan, context: within }: Started, admitted: Admitted): void {
  const clamped = admitted.outputCap < plan.outputCap;
  span.setAttribute(semconv.ATTR_BUDGET_DECISION, clamped ? 'clamp' : 'admit');
  countCall(host, plan, clamped ? 'clamp' : 'admit');
  if (!clamped) return;
  const asked = plan.askedCap === undefined ? {} : { asked: plan.askedCap };
  span.setAttribute(semconv.ATTR_BUDGET_CAP_SENT, admitted.outputCap);
  if (plan.askedCap !== undefined) span.setAttribute(semconv.ATTR_BUDGET_CAP_ASKED, plan.askedCap);
  const budget = host.tracker.budget.name;
  context.with(within, () =>
    host.tracker.emit({ type: 'clamped', budget, sent: admitted.outputCap, ...asked }),
  );
}

function countCall(host: CallHost, plan: CallPlan, decision: string): void {
  host.instruments.calls.add(1, {
    [semconv.ATTR_BUDGET_NAME]: host.tracker.budget.name,
    [semconv.ATTR_BUDGET_DECISION]: decision,
    ...(plan.model === '' ? {} : { [semconv.ATTR_REQUEST_MODEL]: plan.model }),
  });
}
