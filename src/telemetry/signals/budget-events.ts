import {
  type Balances,
  type BudgetEvent,
  type CallEvent,
  type ExceededReason,
  type ExceededReservationEvent,
  type LimitName,
  raisedLimits,
} from '../../budget/index.ts';
import { formatUsd, nanoToUsd } from '../../pricing/index.ts';
import type { Attributes, Severity } from '../api/index.ts';
import { semconv, usageAttributes } from '../names/index.ts';
import { amountInUnitOf } from './limit-amount.ts';

/** The name and usual severity of each event. */
export const BUDGET_EVENTS: Readonly<
  Record<BudgetEvent['type'], readonly [name: string, severity: keyof typeof Severity]>
> = {
  call: [semconv.EVENT_CALL, 'INFO'],
  threshold: [semconv.EVENT_THRESHOLD, 'WARN'],
  exhausted: [semconv.EVENT_EXHAUSTED, 'ERROR'],
  denied: [semconv.EVENT_DENIED, 'ERROR'],
  clamped: [semconv.EVENT_CLAMPED, 'INFO'],
  usage_missing: [semconv.EVENT_USAGE_MISSING, 'WARN'],
  exceeded_reservation: [semconv.EVENT_EXCEEDED_RESERVATION, 'WARN'],
  price_unknown: [semconv.EVENT_PRICE_UNKNOWN, 'WARN'],
  unmetered: [semconv.EVENT_UNMETERED, 'WARN'],
  store_unavailable: [semconv.EVENT_STORE_UNAVAILABLE, 'ERROR'],
  store_available: [semconv.EVENT_STORE_AVAILABLE, 'INFO'],
  ledger_lost: [semconv.EVENT_LEDGER_LOST, 'ERROR'],
  store_warning: [semconv.EVENT_STORE_WARNING, 'WARN'],
  not_enforced: [semconv.EVENT_NOT_ENFORCED, 'ERROR'],
};

const CHARGE_DESCRIPTIONS = {
  local: 'charged by local count',
  reservation: 'charged the whole reservation',
  request: 'charged the price of what was requested',
  nothing: 'nothing was charged',
};

/** Returns the attributes of an event. */
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
        [semconv.ATTR_BUDGET_REQUESTED]: amountInUnitOf(denied.limit, denied.requested),
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
    case 'exceeded_reservation':
      return {
        ...budget,
        [semconv.ATTR_REQUEST_MODEL]: event.model,
        ...(event.responseModel === undefined ? {} : { [semconv.ATTR_RESPONSE_MODEL]: event.responseModel }),
        [semconv.ATTR_BUDGET_REASON]: event.reason,
        [semconv.ATTR_BUDGET_RESERVED_COST]: nanoToUsd(event.reserved.costNanoUsd),
        [semconv.ATTR_BUDGET_RESERVED_TOKENS]: event.reserved.tokens,
        [semconv.ATTR_USAGE_COST_AMOUNT]: nanoToUsd(event.charged.costNanoUsd),
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
    case 'ledger_lost':
    case 'store_warning':
    case 'not_enforced':
      return { ...budget, [semconv.ATTR_BUDGET_REASON]: event.reason };
  }
}

/** Returns the attributes of a call: its model, usage and cost, never its content. */
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
    [semconv.ATTR_BUDGET_SETTLED]: amountInUnitOf(limit, balances.settled),
    [semconv.ATTR_BUDGET_RESERVED]: amountInUnitOf(limit, balances.reserved),
  };
}

/** Returns the text of an event, for humans. */
export function describeEvent(event: BudgetEvent): string {
  const budget = `Token budget "${event.budget}"`;
  switch (event.type) {
    case 'call':
      return `${budget}: a call to ${event.model} ${outcomeOf(event)}; ${formatUsd(event.charged.costNanoUsd)} charged`;
    case 'threshold':
      return `${budget}: ${event.threshold * 100} % of ${event.limitValue} ${event.limit} used`;
    case 'exhausted':
      return `${budget}: ${event.limit} exhausted`;
    case 'denied':
      return `${budget}: a call was denied by the limit ${event.denied.limit}`;
    case 'clamped':
      return `${budget}: a call was sent with an output cap of ${event.sent} tokens`;
    case 'usage_missing': {
      const charge = CHARGE_DESCRIPTIONS[event.charged];
      return `${budget}: a response of ${event.model} reported no plausible ${event.charged === 'request' ? 'price' : 'usage'}; ${charge}`;
    }
    case 'exceeded_reservation':
      return `${budget}: ${describeExceeded(event)}`;
    case 'price_unknown': {
      const pricing = event.pricedAs === undefined ? 'by the policy' : `as ${event.pricedAs}`;
      return `${budget}: no known price for ${event.model}; priced ${pricing}`;
    }
    case 'unmetered': {
      const problem =
        event.reason === 'endpoint' ? 'is not counted' : 'was not reserved before the request was sent';
      return `${budget}: the cost of ${event.endpoint} ${problem}`;
    }
    case 'store_unavailable': {
      const policy = event.failurePolicy === 'open' ? 'continue and are charged later' : 'are denied';
      return `${budget}: the store is unavailable (${event.reason}); calls ${policy}`;
    }
    case 'store_available':
      return `${budget}: the store is available again`;
    case 'ledger_lost':
    case 'store_warning':
    case 'not_enforced':
      return `${budget}: ${event.reason}`;
  }
}

const EXCEEDED_BECAUSE: Readonly<Record<ExceededReason, string>> = {
  model: 'a dearer model answered',
  tier: 'a dearer service tier answered',
  choices: 'more choices were generated than requested',
  output: 'more output was billed than its cap',
  input: 'more input was billed than its bound',
  tools: 'tools of the service cost more',
  unknown: 'for an unknown reason',
};

/** Describes a call that cost more than was reserved, and why, without the name of its budget. */
export function describeExceeded(event: ExceededReservationEvent): string {
  const { model, reason, reserved, charged } = event;
  const amounts =
    charged.costNanoUsd > reserved.costNanoUsd
      ? `${formatUsd(charged.costNanoUsd)}, where ${formatUsd(reserved.costNanoUsd)} was reserved`
      : `${charged.tokens} tokens, where ${reserved.tokens} were reserved`;
  return `a call to ${model} cost ${amounts}: ${EXCEEDED_BECAUSE[reason]}`;
}

function outcomeOf({ error }: CallEvent): string {
  return error === undefined ? 'succeeded' : `failed (${error})`;
}
