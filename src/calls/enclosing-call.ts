import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallPlan } from '../providers/index.ts';
import { isRecord } from '../util/index.ts';

/** What a program calls a model with, from the outside in: a middleware calls an SDK, which calls a `fetch`. */
export type Layer = 'middleware' | 'sdk' | 'fetch';

const DEPTHS: Readonly<Record<Layer, number>> = { middleware: 0, sdk: 1, fetch: 2 };

/** A request that is being sent, and whose call is metered by the layer that sends it. */
export interface SentRequest {
  /** The call. Another copy of this package may have stored it, so check its class before use. */
  readonly call: unknown;
  /** Undefined until the call has started. */
  readonly plan: CallPlan | undefined;
  readonly layer: Layer;
  /** The client, or the function, that sends it. */
  readonly sender: object;
  /** The layers below that have sent it on, in this attempt. */
  readonly passed: Set<object>;
  /** Whether it was answered, so that nothing that is sent from now on can be this request. */
  isOver: boolean;
}

/** Global by symbol, so that every copy of this package in the process shares one storage. */
const KEY = Symbol.for('otel-token-budget.enclosing-call');

const shared = Reflect.get(globalThis, KEY) as AsyncLocalStorage<SentRequest> | undefined;

/** The request that is being sent in this context. What is called meanwhile may be that request, or another. */
export const enclosingRequest: AsyncLocalStorage<SentRequest> =
  shared ?? new AsyncLocalStorage<SentRequest>();

if (shared === undefined) Reflect.set(globalThis, KEY, enclosingRequest);

/**
 * Whether a layer is sending on a request that a layer above meters already: it has the same model and the same
 * prompt, and this layer has not sent it on before. Anything else is a call of its own: one that a guardrail, a
 * router or a cache makes on the way. Where it cannot be told, it is charged.
 * @param sender the client, or the function, that sends it on
 */
export function isPassedOn(plan: CallPlan, layer: Layer, sender: object): boolean {
  const request = enclosingRequest.getStore();
  if (request === undefined || request.isOver) return false;
  if (request.sender === sender || request.passed.has(sender)) return false;
  if (!isBelow(layer, request.layer) || !isSameRequest(request, plan)) return false;
  request.passed.add(sender);
  return true;
}

/** A middleware or a budgeted `fetch` may be around another one; an SDK never sends another's requests. */
function isBelow(layer: Layer, outer: Layer): boolean {
  return DEPTHS[layer] > DEPTHS[outer] || (layer === outer && layer !== 'sdk');
}

function isSameRequest({ plan: outer, layer }: SentRequest, inner: CallPlan): boolean {
  if (outer === undefined) return false;
  const model = withoutPrefix(inner.model);
  if (model !== '' && model !== withoutPrefix(outer.model)) return false;
  const [asked, sent] = [promptOf(outer.body), promptOf(inner.body)];
  // A middleware's SDK may put instructions of its own into the prompt.
  const isComplete = layer === 'middleware' || asked.size === sent.size;
  return isComplete && [...asked].every((part) => sent.has(part));
}

/** A gateway names the provider in the model: `anthropic/claude-sonnet-4-6`. */
function withoutPrefix(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1);
}

const PROMPT_FIELDS = ['messages', 'input', 'prompt', 'instructions', 'system'];

/** The fields of the parts of a prompt that have texts, in every API. */
const TEXT_FIELDS = ['content', 'text', 'output'];

/** Returns the texts of a prompt, whatever its format is; of one that is tokens, the tokens. */
function promptOf(body: CallPlan['body']): Set<string> {
  const parts = new Set<string>();
  const collect = (value: unknown): void => {
    if (typeof value === 'string' || typeof value === 'number') parts.add(String(value));
    else if (Array.isArray(value)) value.forEach(collect);
    else if (isRecord(value)) for (const field of TEXT_FIELDS) collect(value[field]);
  };
  for (const field of PROMPT_FIELDS) collect(body[field]);
  return parts;
}
