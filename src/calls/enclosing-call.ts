import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallPlan } from '../providers/index.ts';
import { isRecord } from '../util/index.ts';
import { failOpen } from './fail-open.ts';

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
  /** Whether a layer below has sent it on, in this attempt. */
  isPassedOn: boolean;
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
 * Returns the request that a layer sends on if a layer above meters it already: it has the same model and the same
 * prompt, and nothing beside this layer has sent it on. Anything else is a call of its own, undefined: one that a
 * guardrail, a router or a cache makes on the way. Where it cannot be told, it is charged.
 * @param plan undefined if the request is not a metered call
 * @param sender the client, or the function, that sends it on
 */
export function passOn(plan: CallPlan | undefined, layer: Layer, sender: object): SentRequest | undefined {
  const request = enclosingRequest.getStore();
  if (request === undefined || plan === undefined) return undefined;
  return failOpen('comparing requests', () => {
    if (request.isOver || request.isPassedOn || request.sender === sender) return undefined;
    if (!isBelow(layer, request.layer) || !isSameRequest(request, plan)) return undefined;
    request.isPassedOn = true;
    return { call: request.call, plan, layer, sender, isPassedOn: false, isOver: false };
  });
}

/** Sends a request in its own context: the layers below send it on, and do not meter it again. */
export async function sendInside<T>(request: SentRequest, send: () => PromiseLike<T>): Promise<T> {
  try {
    return await enclosingRequest.run(request, send);
  } finally {
    request.isOver = true;
  }
}

/** A middleware or a budgeted `fetch` may be around another one; an SDK never sends another's requests. */
function isBelow(layer: Layer, outer: Layer): boolean {
  return DEPTHS[layer] > DEPTHS[outer] || (layer === outer && layer !== 'sdk');
}

function isSameRequest({ plan: outer, layer }: SentRequest, inner: CallPlan): boolean {
  if (outer === undefined) return false;
  const model = withoutPrefix(inner.model);
  if (model !== '' && model !== withoutPrefix(outer.model)) return false;
  const isMiddleware = layer === 'middleware';
  const asked = promptOf(isMiddleware ? userPromptOf(outer.body) : outer.body);
  const sent = promptOf(inner.body);
  return (isMiddleware || asked.size === sent.size) && [...asked].every((part) => sent.has(part));
}

/**
 * Returns what an SDK sends as a middleware got it: what the user says. It may leave out what the model said, as
 * reasoning or as an item that the service has, write the results of tools in its own way, and add instructions.
 */
function userPromptOf(body: CallPlan['body']): CallPlan['body'] {
  const messages = body['messages'];
  if (!Array.isArray(messages)) return body;
  return { messages: messages.filter((message) => isRecord(message) && message['role'] === 'user') };
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
