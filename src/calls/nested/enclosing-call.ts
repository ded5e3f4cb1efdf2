import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallPlan } from '../../providers/index.ts';
import { failOpen } from '../../telemetry/api/index.ts';
import { processState } from '../../util/index.ts';
import { isSameRequest } from './same-request.ts';

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

/** The request that is being sent in this context. What is called meanwhile may be that request, or another. */
export const enclosingRequest: AsyncLocalStorage<SentRequest> = processState(
  'enclosing-call',
  () => new AsyncLocalStorage<SentRequest>(),
);

/**
 * Returns the request that a layer sends on if a layer above meters it already: it says the same, and nothing
 * beside this layer has sent it on in this attempt. Anything else is a call of its own, undefined.
 * @param plan undefined if the request is not a metered call
 * @param sender the client, or the function, that sends it on
 */
export function passOn(plan: CallPlan | undefined, layer: Layer, sender: object): SentRequest | undefined {
  const request = enclosingRequest.getStore();
  if (request === undefined || plan === undefined) return undefined;
  return failOpen('comparing requests', () => {
    if (request.isOver || request.isPassedOn || request.sender === sender) return undefined;
    if (request.plan === undefined || !isBelow(layer, request.layer)) return undefined;
    if (!isSameRequest(request.plan, request.layer === 'middleware', plan)) return undefined;
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
