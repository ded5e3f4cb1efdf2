import { type Attributes, SeverityNumber } from '@opentelemetry/api';
import {
  type Amounts,
  type Balances,
  type BudgetEvent,
  type CallEvent,
  type LimitName,
  raisedLimits,
} from '../../budget/index.ts';
import { formatUsd, nanoToUsd } from '../../pricing/index.ts';
import { semconv, usageAttributes } from '../names/index.ts';

/** The name of each event and its usual severity. */
export const BUDGET_EVENTS: Readonly<
  Record<BudgetEvent['type'], readonly [name: string, severity: SeverityNumber]>
> = {
  call: [semconv.EVENT_CALL, SeverityNumber.INFO],
  threshold: [semconv.EVENT_THRESHOLD, SeverityNumber.WARN],
  exhausted: [semconv.EVENT_EXHAUSTED, SeverityNumber.ERROR],
  denied: [semconv.EVENT_DENIED, SeverityNumber.ERROR],
  clamped: [semconv.EVENT_CLAMPED, SeverityNumber.INFO],
  usage_missing: [semconv.EVENT_USAGE_MISSING, SeverityNumber.WARN],
  price_unknown: [semconv.EVENT_PRICE_UNKNOWN, SeverityNumber.WARN],
  unmetered: [semconv.EVENT_UNMETERED, SeverityNumber.WARN],
  store_unavailable: [semconv.EVENT_STORE_UNAVAILABLE, SeverityNumber.ERROR],
  store_available: [semconv.EVENT_STORE_AVAILABLE, SeverityNumber.INFO],
};

const CHARGED = {
  local: 'charged by local count',
  reservation: 'charged by reservation count',
  nothing: 'nothing is charged for it',
};

/** The attributes of an event. */
export function eventAttributes(event: BudgetEvent): Attributes {
  const budget = {
    [semconv.ATTR_BUDGET_NAME]: event.budget,
    ...(event.scope === undefined ? {} : { [semconv.ATTR_BUDGET_SCOPE]: event.scope }),
  };
  switch (event.type) {
    case 'call':
      return Object.assign(budget, callAttributes(event));
    case 'threshold':
    case 'exhausted':
      return {
        ...budget,
        ...limitAttributes(event.limit, event.limitValue, event.balances),
        ...(event.type === 'threshold' ? { [semconv.ATTR_BUDGET_THRESHOLD]: event.threshold } : {}),
      };
    case 'denied': {
      const { denied } = event;
      const limits = raisedLimits(denied.budget.limits, denied.balances.granted);
      return {
        ...budget,
        ...limitAttributes(denied.limit, limits[denied.limit] ?? 0, denied.balances),
        [semconv.ATTR_BUDGET_REQUESTED]: amountOf(denied.limit, denied.requested),
      };
    }
    case 'clamped':
      return {
        ...budget,
        [semconv.ATTR_BUDGET_CAP_SENT]: event.sent,
        ...(event.asked === undefined ? {} : { [semconv.ATTR_BUDGET_CAP_ASKED]: event.asked }),
      };
    case 'usage_missing':
      return {
        ...budget,
        [semconv.ATTR_REQUEST_MODEL]: event.model,
        [semconv.ATTR_BUDGET_REASON]: event.reason,
        [semconv.ATTR_BUDGET_USAGE_SOURCE]: event.charged,
        ...(event.problems.length === 0 ? {} : { [semconv.ATTR_BUDGET_PROBLEMS]: [...event.problems] }),
      };
    case 'price_unknown':
      return {
        ...budget,
        [semconv.ATTR_REQUEST_MODEL]: event.model,
        ...(event.pricedAs === undefined ? {} : { [semconv.ATTR_BUDGET_PRICED_AS]: event.pricedAs }),
      };
    case 'unmetered':
      return {
        ...budget,
        [semconv.ATTR_BUDGET_ENDPOINT]: event.endpoint,
        [semconv.ATTR_BUDGET_REASON]: event.reason,
        [semconv.ATTR_BUDGET_REFUSED]: event.refused,
      };
    case 'store_unavailable':
      return {
        ...budget,
        [semconv.ATTR_BUDGET_FAILURE_POLICY]: event.failurePolicy,
        [semconv.ATTR_BUDGET_REASON]: event.reason,
      };
    case 'store_available':
      return budget;
  }
}

/** What a call was, used and cost; never what was said in it. */
function callAttributes(event: CallEvent): Attributes {
  const { usage, source, charged, operation, responseModel, responseId, error, attempts } = event;
  const attributes: Attributes =
    source === 'none' ? {} : usageAttributes(usage, operation !== 'embeddings', source, charged);
  attributes[semconv.ATTR_OPERATION_NAME] = operation;
  attributes[semconv.ATTR_REQUEST_MODEL] = event.model;
  attributes[semconv.ATTR_BUDGET_CALL_DURATION] = event.durationMs / 1_000;
  if (event.stream) attributes[semconv.ATTR_REQUEST_STREAM] = true;
  if (responseModel !== undefined) attributes[semconv.ATTR_RESPONSE_MODEL] = responseModel;
  if (responseId !== undefined) attributes[semconv.ATTR_RESPONSE_ID] = responseId;
  if (error !== undefined) attributes[semconv.ATTR_ERROR_TYPE] = error;
  if (attempts.calls > 0) attributes[semconv.ATTR_BUDGET_ATTEMPTS_COST] = nanoToUsd(attempts.costNanoUsd);
  return attributes;
}

function limitAttributes(limit: LimitName, value: number, balances: Balances): Attributes {
  return {
    [semconv.ATTR_BUDGET_LIMIT]: limit,
    [semconv.ATTR_BUDGET_LIMIT_VALUE]: value,
    [semconv.ATTR_BUDGET_SETTLED]: amountOf(limit, balances.settled),
    [semconv.ATTR_BUDGET_RESERVED]: amountOf(limit, balances.reserved),
  };
}

/** An amount in the unit of the limit: USD, tokens or calls. Time has no amount of its own: USD then. */
function amountOf(limit: LimitName, amounts: Amounts): number {
  if (limit === 'tokens') return amounts.tokens;
  return limit === 'calls' ? amounts.calls : nanoToUsd(amounts.costNanoUsd);
}

/** The text of an event, for people. */
export function describeEvent(event: BudgetEvent): string {
  const budget = `Token budget "${event.budget}"`;
  switch (event.type) {
    case 'call':
      return `${budget}: a call of ${event.model} ${event.error === undefined ? 'was answered' : `failed (${event.error})`}; ${formatUsd(event.charged.costNanoUsd)} charged`;
    case 'threshold':
      return `${budget}: ${event.threshold * 100} % of ${event.limitValue} ${event.limit} used`;
    case 'exhausted':
      return `${budget}: ${event.limit} exhausted`;
    case 'denied':
      return `${budget}: a call was denied by ${event.denied.limit}`;
    case 'clamped':
      return `${budget}: a call was sent with an output cap of ${event.sent} tokens`;
    case 'usage_missing':
      return `${budget}: an answer of ${event.model} told no usage that can be believed; ${CHARGED[event.charged]}`;
    case 'price_unknown':
      return `${budget}: no price is known for ${event.model}; priced as ${event.pricedAs ?? 'the policy says'}`;
    case 'unmetered':
      return `${budget}: what ${event.endpoint} costs ${event.reason === 'endpoint' ? 'is not counted' : 'was not reserved before it was sent'}`;
    case 'store_unavailable':
      return `${budget}: its store is away (${event.reason}); calls ${event.failurePolicy === 'open' ? 'go on and are charged later' : 'are refused'}`;
    case 'store_available':
      return `${budget}: its store is back`;
  }
}
