import { context, SpanKind } from '@opentelemetry/api';
import { type Amounts, NOTHING, type TokenBudgetTracker } from '../../budget/index.ts';
import {
  costOf,
  nanoToUsd,
  type PriceSource,
  PriceUnknownError,
  type RateCard,
  ratesFor,
  ratesOfTier,
} from '../../pricing/index.ts';
import { type Bill, type Provider, type WorkEnd, withTools } from '../../providers/index.ts';
import { currentBudget } from '../../telemetry/context/index.ts';
import { semconv, usageAttributes } from '../../telemetry/names/index.ts';
import { recordTokens } from '../../telemetry/signals/index.ts';
import { type TokenUsage, tokenUsage, totalTokens, USAGE_KINDS } from '../../usage/index.ts';
import { afterwards, type MaybePromise } from '../../util/index.ts';
import { type KnownWork, reservationOf } from '../memory/index.ts';
import type { CallHost } from '../services.ts';
import { answerAttributes, identityAttributes } from '../telemetry/index.ts';

/** What work used and what it is charged. */
interface Due {
  readonly usage: TokenUsage;
  readonly amounts: Amounts;
  readonly priceSource: PriceSource;
}

/**
 * Settles work that has come to its end, once: whoever tells of it first, in whichever process. Where it does not say what it used,
 * the whole reservation is charged: at once by the process that began it, else when its lease ends.
 */
export function settleWork(host: CallHost, end: WorkEnd, provider: Provider): MaybePromise<void> {
  const known = host.work.take(end.id);
  const tracker = known?.tracker ?? currentBudget() ?? host.tracker;
  const due = dueOf(host, end, known, provider) ?? wholeOf(end, known);
  const name = reservationOf(end.id);
  if (due === undefined) return;
  const nothing = end.bills?.length === 0;
  const settled = tracker.settleHandedOver(name, nothing ? NOTHING : due.amounts);
  return afterwards(settled, (first) => {
    if (first && !nothing) tell(host, end, known, provider, tracker, due);
  });
}

function dueOf(
  host: CallHost,
  end: WorkEnd,
  known: KnownWork | undefined,
  provider: Provider,
): Due | undefined {
  if (end.bills === undefined) return undefined;
  let costNanoUsd = 0;
  let usage = tokenUsage();
  let priceSource: PriceSource = 'book';
  for (const [index, bill] of end.bills.entries()) {
    const card = cardOf(host, bill, known, provider);
    if (card === undefined) return undefined;
    const own = index === 0 ? withTools(bill.usage, end.answer.tools, host.containers) : bill.usage;
    const rates = ratesOfTier(
      ratesFor(card.tiers, Math.ceil(own.input / bill.requests)),
      bill.serviceTier,
      card.pricedAs ?? card.model,
    );
    costNanoUsd += costOf(own, rates, card.units);
    usage = addUsage(usage, own);
    if (index === 0) priceSource = card.source;
  }
  return { usage, amounts: { costNanoUsd, tokens: totalTokens(usage), calls: 1 }, priceSource };
}

/** The prices of the model that is billed; undefined where it is not known which, or it may not be guessed. */
function cardOf(
  { prices }: CallHost,
  { model }: Bill,
  known: KnownWork | undefined,
  { baseUrl }: Provider,
): RateCard | undefined {
  const asked = known === undefined || known.plan.model === '' ? undefined : known.card;
  if (model === undefined || model === known?.plan.model || asked?.source === 'override') return asked;
  const query = { model, ...(baseUrl === undefined ? {} : { baseUrl }) };
  if (asked !== undefined && prices.known(query) === undefined) return asked;
  try {
    return prices.lookup(query);
  } catch (error) {
    if (error instanceof PriceUnknownError) return undefined;
    throw error;
  }
}

/** All that is held; undefined where another process holds it. */
function wholeOf({ answer }: WorkEnd, known: KnownWork | undefined): Due | undefined {
  if (known === undefined) return undefined;
  const usage = tokenUsage({ input: known.held.tokens });
  known.tracker.emit({
    type: 'usage_missing',
    budget: known.tracker.budget.name,
    model: answer.model ?? known.plan.model,
    reason: answer.usage.problems.length > 0 ? 'implausible' : 'absent',
    problems: answer.usage.problems,
    charged: 'reservation',
  });
  return { usage, amounts: known.held, priceSource: known.card.source };
}

/** The span and the metrics of a settlement: what the call that began the work could not tell. */
function tell(
  host: CallHost,
  { id, endpoint, answer, bills }: WorkEnd,
  known: KnownWork | undefined,
  provider: Provider,
  tracker: TokenBudgetTracker,
  { usage, amounts, priceSource }: Due,
): void {
  const model = known?.plan.model || answer.model || bills?.[0]?.model || '';
  const identity = identityAttributes(known?.plan ?? { endpoint, provider, model });
  const source = bills === undefined ? 'reservation' : 'response';
  const cost = { costNanoUsd: amounts.costNanoUsd, source: priceSource };
  const span = host.tracer.startSpan(model === '' ? endpoint.operation : `${endpoint.operation} ${model}`, {
    kind: SpanKind.CLIENT,
    attributes: {
      ...identity,
      ...answerAttributes(answer),
      ...usageAttributes(usage, true, source, cost),
      [semconv.ATTR_BUDGET_NAME]: tracker.budget.name,
      [semconv.ATTR_BUDGET_MODE]: tracker.budget.mode,
      [semconv.ATTR_BUDGET_WORK_ID]: id,
    },
  });
  span.end();
  context.with(context.active(), () => {
    const attributes = { ...identity, [semconv.ATTR_BUDGET_NAME]: tracker.budget.name };
    recordTokens(host.instruments, usage, true, identity, attributes);
    if (amounts.costNanoUsd > 0) {
      host.instruments.cost.add(nanoToUsd(amounts.costNanoUsd), attributes);
      host.instruments.callCost.record(nanoToUsd(amounts.costNanoUsd), attributes);
    }
  });
}

function addUsage(a: TokenUsage, b: TokenUsage): TokenUsage {
  const sum = Object.fromEntries(USAGE_KINDS.map((kind) => [kind, a[kind] + b[kind]]));
  return tokenUsage({ ...sum, units: [...(a.units ?? []), ...(b.units ?? [])] });
}
