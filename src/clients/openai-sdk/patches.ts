import type { StatusFormat } from '../../budget/index.ts';
import {
  abandonIfUnread,
  Call,
  type CallServices,
  enclosingRequest,
  guardRawResponse,
  isRawResponse,
  isRefusal,
  passOn,
  type RawResponse,
  type SentRequest,
  sendInside,
  tryStartCall,
} from '../../calls/index.ts';
import {
  type ApiClient,
  type ApiRequest,
  type OutgoingFields,
  outgoingFields,
  planRequest,
} from '../../providers/index.ts';
import { diag, failOpen } from '../../telemetry/api/index.ts';
import { budgetOfCall } from '../../telemetry/context/index.ts';
import { isRecord } from '../../util/index.ts';
import { optionsWithStatus } from './budget-status.ts';
import { wrapBuildRequest, wrapPrepareRequest } from './built-request.ts';
import { isKnownLate, LateCall } from './late-call.ts';
import { type ResponseObserver, responseObserverFor } from './response-observers.ts';
import { guardSdkStream } from './sdk-stream.ts';
import {
  type ApiPromise,
  type ClientPatch,
  isSdkStream,
  type Method,
  type ResponseProps,
} from './sdk-types.ts';
import { LATE, lateCallOf, PASSED_ON, passedOnOf, SENT, SentCall, sentCallOf } from './sent-call.ts';
import { atCallSite, captureCallSite, takeCallSite } from './wrapping/index.ts';

/** Carries the observer of the response to a request that is not a call. */
const OBSERVER = Symbol('otel-token-budget.observer');

/**
 * The patches of the prototype of the client:
 *
 * - `makeRequest` knows the request before it is sent: the call starts here, is refused here, or fails here;
 * - `buildRequest` makes the URL and the text that are sent: a lowered cap is put into the text, and a call starts
 *   here whose options do not show what is sent;
 * - `prepareRequest` is the same for openai 4, whose `buildRequest` does not wait;
 * - `fetchWithTimeout` is one attempt: one that fails after it was sent may have been billed;
 * - `request` returns the promise that the application gets, from which the response is read;
 * - `parseResponseWithTimeout` reads the response in the later releases of openai 7.
 */
export function clientPatches(services: CallServices): readonly ClientPatch[] {
  return [
    { name: 'buildRequest', wrap: wrapBuildRequest },
    { name: 'prepareRequest', wrap: wrapPrepareRequest },
    { name: 'fetchWithTimeout', wrap: wrapFetch },
    { name: 'makeRequest', wrap: (original) => wrapMakeRequest(services, original) },
    { name: 'parseResponseWithTimeout', wrap: wrapParseResponse },
    { name: 'request', wrap: wrapRequest },
  ];
}

function wrapMakeRequest(services: CallServices, original: Method): Method {
  return async function makeRequest(this: ApiClient, input: unknown, ...rest: unknown[]): Promise<unknown> {
    const site = takeCallSite();
    const given: unknown = await input;
    if (!isRecord(given)) return original.call(this, given, ...rest);
    const options: ApiRequest = given;
    const repeated = sentCallOf(options);
    if (repeated !== undefined) {
      await repeated.call.beforeRetry();
      return original.call(this, options, ...rest);
    }
    const outer = passedOnOf(options);
    if (outer !== undefined) {
      if (outer.call instanceof Call) await outer.call.beforeRetry();
      return original.call(this, options, ...rest);
    }
    const { budgetStatus } = services;
    const request = budgetStatus === 'off' ? options : await withStatus(services, options, budgetStatus);
    if (failOpen('reading a request', () => isKnownLate(this, request)) === true)
      return sendLate(services, this, request, site, (sent) => original.call(this, sent, ...rest));
    const plan = failOpen('planning a call', () => planRequest(this, request));
    const passedOn = passOn(plan, 'sdk', this);
    if (passedOn !== undefined)
      return sendInside(passedOn, () => original.call(this, { ...options, [PASSED_ON]: passedOn }, ...rest));
    const call = await refusedAt(site, tryStartCall(services, plan));
    if (call === undefined) {
      const observed = withObserver(services, this, options);
      const send = (): unknown => original.call(this, observed, ...rest);
      // Not a call, of a client that is metered: no reason to report its request as one that is not.
      return plan === undefined ? enclosingRequest.run(notACall(this), send) : send();
    }
    const { clampedTo } = call.reservation;
    // Most calls are sent as they are.
    const isSentAsIs = !call.plan.stream && clampedTo === undefined;
    const sent = new SentCall(call, isSentAsIs ? AS_IS : outgoingFields(services, call.plan, clampedTo));
    const sentOptions = { ...request, [SENT]: sent };
    const props: ResponseProps = await call.send('sdk', this, () =>
      original.call(this, sentOptions, ...rest),
    );
    observeUnread(props, sent);
    return props;
  };
}

const AS_IS: OutgoingFields = { fields: undefined, addsUsageChunk: false };

/** Sends a request whose call starts when it has been built. */
async function sendLate(
  services: CallServices,
  client: ApiClient,
  request: ApiRequest,
  site: ReturnType<typeof takeCallSite>,
  send: (options: ApiRequest) => Promise<ResponseProps>,
): Promise<unknown> {
  const late = new LateCall(services, client);
  const props = await refusedAt(
    site,
    late.send(() => send({ ...request, [LATE]: late })),
  );
  if (late.sent !== undefined) observeUnread(props, late.sent);
  return props;
}

function notACall(sender: object): SentRequest {
  return { call: undefined, plan: undefined, layer: 'sdk', sender, isPassedOn: false, isOver: false };
}

/** Waits for a call; a refusal gets the stack of where the program made the call. */
async function refusedAt<T>(site: ReturnType<typeof takeCallSite>, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw isRefusal(error) ? atCallSite(error, site) : error;
  }
}

/** Ends the call if its response is never read, and marks the response for applications that read it themselves. */
function observeUnread({ response }: ResponseProps, sent: SentCall): void {
  failOpen('observing a response', () => {
    Reflect.defineProperty(response, SENT, { value: sent });
    abandonIfUnread(response, sent);
  });
}

/** The options of a request that is not a call, with the observer of its response. */
function withObserver(services: CallServices, client: ApiClient, options: ApiRequest): ApiRequest {
  try {
    const observer = OBSERVER in options ? undefined : responseObserverFor(services, client, options);
    return observer === undefined ? options : { ...options, [OBSERVER]: observer };
  } catch (error) {
    if (isRefusal(error)) throw error;
    diag.error('otel-token-budget: observing a request failed; it is sent as it is', error);
    return options;
  }
}

/** The request with the status of its budget in it. */
async function withStatus(
  services: CallServices,
  options: ApiRequest,
  format: StatusFormat,
): Promise<ApiRequest> {
  try {
    return await optionsWithStatus(options, budgetOfCall(services.tracker), format);
  } catch (error) {
    diag.error('otel-token-budget: adding the budget status failed; the call is sent without it', error);
    return options;
  }
}

function wrapFetch(original: Method): Method {
  return function fetchWithTimeout(this: ApiClient, ...args: unknown[]): unknown {
    const request = enclosingRequest.getStore();
    const isOwn = request?.sender === this;
    // Another attempt, which goes down through the same layers.
    if (isOwn) request.isPassedOn = false;
    const response: unknown = original.apply(this, args);
    const call = isOwn ? request.call : undefined;
    if (call instanceof Call && response instanceof Promise) {
      const fail = (failure: unknown): void => {
        failOpen('recording a failed attempt', () => call.recordFailedAttempt(failure));
      };
      response.then((answer: Partial<Response> | undefined) => {
        if (answer?.ok === false) fail(answer);
      }, fail);
    }
    return response;
  };
}

function wrapParseResponse(original: Method): Method {
  return function parseResponseWithTimeout(this: ApiClient, client: unknown, props: unknown): unknown {
    return parseAndRecord(props, () => original.call(this, client, props));
  };
}

function wrapRequest(original: Method): Method {
  return function request(this: ApiClient, ...args: unknown[]): unknown {
    captureCallSite(request);
    const promise: ApiPromise = original.apply(this, args);
    failOpen('observing the promise of a response', () => {
      wrapAsResponse(Object.getPrototypeOf(promise));
      if (!('parseResponseWithTimeout' in this)) wrapParserOf(promise);
    });
    return promise;
  };
}

type Parse = NonNullable<ApiPromise['parseResponse']>;

/** Wrapped parsers by the parser they wrap: most promises share one. */
const wrappedParsers = new WeakMap<Parse, Parse>();

/**
 * In earlier releases the parser is a field of the promise, which derived promises (`_thenUnwrap`) call too.
 */
function wrapParserOf(promise: ApiPromise): void {
  const { parseResponse: parse } = promise;
  if (parse === undefined) return;
  let wrapped = wrappedParsers.get(parse);
  if (wrapped === undefined) {
    wrapped = function parseResponse(this: unknown, ...args: unknown[]) {
      return parseAndRecord(args.at(-1), () => parse.apply(this, args));
    };
    wrappedParsers.set(parse, wrapped);
  }
  promise.parseResponse = wrapped;
}

async function parseAndRecord(props: unknown, parse: () => unknown): Promise<unknown> {
  const options = isRecord(props) && isRecord(props['options']) ? props['options'] : {};
  const sent = sentCallOf(options);
  if (sent === undefined) return observe(options, await parse());
  sent.parsed = true;
  let value: unknown;
  try {
    value = await parse();
  } catch (error) {
    failOpen('recording a failed response', () => sent.call.recordFailure(error, 'response'));
    throw error;
  }
  failOpen('recording a response', () => {
    if (isSdkStream(value)) guardSdkStream(value, sent.call, sent.addsUsageChunk);
    else if (sent.call.plan.stream && isRawResponse(value)) guardRawResponse(value, sent.call, false);
    else sent.call.recordResponse(value);
  });
  return value;
}

/** Passes the response to a request that is not a call to its observer. */
function observe(options: object, value: unknown): unknown {
  const observer =
    (Reflect.get(options, OBSERVER) as ResponseObserver | undefined) ?? lateCallOf(options)?.observer;
  if (observer !== undefined) failOpen('observing a response', () => observer(value));
  return value;
}

const wrappedPromises = new WeakSet<object>();

/** `asResponse` is the only way for an application to get a body that the SDK has not read. */
function wrapAsResponse(prototype: ApiPromise): void {
  if (wrappedPromises.has(prototype)) return;
  wrappedPromises.add(prototype);
  const original = prototype.asResponse;
  prototype.asResponse = async function asResponse(this: ApiPromise): Promise<RawResponse> {
    const response = await original.call(this);
    const sent = sentCallOf(response);
    if (sent !== undefined && !sent.parsed) {
      sent.parsed = true;
      failOpen('guarding a raw response', () => guardRawResponse(response, sent.call, sent.addsUsageChunk));
    }
    return response;
  };
}
