import {
  type CallServices,
  enclosingRequest,
  isRefusal,
  passOn,
  type SentRequest,
  sendInside,
  tryStartCall,
} from '../../calls/index.ts';
import {
  type ApiClient,
  type ApiRequest,
  apiPathOf,
  isOrdinaryBody,
  isOrdinaryPath,
  outgoingFields,
  planSentRequest,
  readSentBody,
} from '../../providers/index.ts';
import { diag, failOpen } from '../../telemetry/api/index.ts';
import { isRecord } from '../../util/index.ts';
import { type ResponseObserver, responseObserverFor } from './response-observers.ts';
import { type BuiltRequest, SentCall, type StartsLate } from './sent-call.ts';

/** The method of the SDK that a program may override to change the options of its requests. */
function ownPrepareOptions(client: ApiClient): unknown {
  let prototype: unknown = Object.getPrototypeOf(client);
  let own: unknown;
  // The patched class, or one that the SDK derives from it.
  for (; isRecord(prototype); prototype = Object.getPrototypeOf(prototype)) {
    if (Object.hasOwn(prototype, 'prepareOptions')) own = prototype['prepareOptions'];
  }
  return own;
}

/**
 * Whether only the built request shows what is sent: its URL is not what the path says, its body serializes itself
 * or is not an object, or the program changes the options first.
 */
export function isKnownLate(client: ApiClient, request: ApiRequest): boolean {
  const { method, path, body } = request;
  if (method !== 'post' || typeof path !== 'string') return false;
  const isPrepared = Reflect.get(client, 'prepareOptions') !== ownPrepareOptions(client);
  return isPrepared || !isOrdinaryPath(path) || !isOrdinaryBody(body);
}

/** A call that starts when the SDK has built its request, and before it is sent. */
export class LateCall implements StartsLate {
  /** The call; undefined until it starts, and if the request is not one. */
  sent: SentCall | undefined;
  /** The request, if a layer above meters its call. */
  passedOn: SentRequest | undefined;
  /** The observer of the response to a request that is not a call. */
  observer: ResponseObserver | undefined;
  readonly #services: CallServices;
  readonly #client: ApiClient;
  /** The request that this one is sent by. */
  readonly #outer = enclosingRequest.getStore();
  readonly #request: SentRequest;
  #isStarted = false;

  /** Whether the request has been built. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  constructor(services: CallServices, client: ApiClient) {
    this.#services = services;
    this.#client = client;
    this.#request = {
      call: undefined,
      plan: undefined,
      layer: 'sdk',
      sender: client,
      isPassedOn: false,
      isOver: true,
    };
  }

  /** Sends the request. @throws what `send` throws, after it is recorded */
  async send<T>(send: () => PromiseLike<T>): Promise<T> {
    try {
      const response = await sendInside(this.#request, send);
      this.sent?.call.recordHeaders();
      return response;
    } catch (error) {
      failOpen('recording a failed request', () => this.sent?.call.recordFailure(error, 'request'));
      throw error;
    }
  }

  /**
   * Starts the call of the built request, once.
   * @throws the refusals of `startCall` and of an endpoint whose cost is unknown
   */
  async start(options: ApiRequest, { req, url }: BuiltRequest): Promise<void> {
    if (this.#isStarted) return;
    this.#isStarted = true;
    try {
      await this.#start(options, url, req.body);
    } catch (error) {
      if (isRefusal(error)) throw error;
      diag.error('otel-token-budget: starting a call failed; it is sent without a budget', error);
    }
  }

  async #start(options: ApiRequest, url: string, sentBody: unknown): Promise<void> {
    const services = this.#services;
    const client = this.#client;
    const request = { ...options, path: apiPathOf(url, client.baseURL) };
    const body = await readSentBody(sentBody);
    const plan = planSentRequest(client, request, body);
    const passedOn = enclosingRequest.run(this.#outer as SentRequest, () => passOn(plan, 'sdk', client));
    if (passedOn !== undefined) {
      this.passedOn = Object.assign(this.#request, passedOn);
      return;
    }
    const call = await enclosingRequest.run(this.#outer as SentRequest, () => tryStartCall(services, plan));
    if (call === undefined) {
      if (plan === undefined)
        this.observer = responseObserverFor(services, client, { ...request, body: options.body });
      return;
    }
    this.sent = new SentCall(call, outgoingFields(services, call.plan, call.reservation.clampedTo));
    Object.assign(this.#request, { call, plan: call.plan, isOver: false });
  }
}
