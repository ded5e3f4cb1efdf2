import { AsyncLocalStorage } from 'node:async_hooks';
import { context, diag } from '@opentelemetry/api';
import { isPromise } from '../budget/index.ts';
import { beginCall } from './begin-call.ts';
import type { Call, CallHost } from './call.ts';
import { failureCost } from './failure.ts';
import { planOf } from './plan.ts';
import { watchResponse } from './raw-response.ts';
import { isRefusal } from './refusal.ts';
import { safely } from './safely.ts';
import {
  type ApiPromise,
  type Client,
  isRawResponse,
  isRecord,
  isSdkStream,
  type RawResponse,
  type RequestOptions,
  type ResponseProps,
} from './sdk-types.ts';
import { sentBody } from './sent-body.ts';
import { meterStream } from './stream-meter.ts';
import { type Watch, watchOf } from './watch.ts';

// biome-ignore lint/suspicious/noExplicitAny: a method of the SDK, whose types are internal and differ by release
export type Method = (this: any, ...args: any[]) => any;

/** A method of the client and what stands in for it. */
export interface ClientPatch {
  readonly name: string;
  readonly wrap: (original: Method) => Method;
}

/** A call on its way through the SDK. */
interface Sent {
  readonly call: Call;
  readonly body: Readonly<Record<string, unknown>>;
  /** Whether the stream is asked for usage that the caller did not ask for. */
  readonly asksUsage: boolean;
  /** Whether the SDK reads the body; otherwise the application does. */
  parsed: boolean;
  /** Whether the last attempt was sent and its cost is not known. */
  lost: boolean;
}

/** The SDK copies the options of a request with their symbols, so the call goes with them, through retries too. */
const SENT = Symbol('otel-token-budget.sent');

/** What looks at the answer of a request that is not a call travels in the same way. */
const WATCH = Symbol('otel-token-budget.watch');

/** The call that a request under way belongs to. */
const inFlight = new AsyncLocalStorage<Sent>();

/** The calls of responses, for an application that reads one itself. */
const byResponse = new WeakMap<RawResponse, Sent>();

/** Ends the calls of responses that nobody read and nobody holds any more. */
const unread = new FinalizationRegistry<Call>((call) => {
  safely('an abandoned call', () => call.abandoned('nobody read it'));
});

/**
 * What is patched, on the prototype of the client:
 *
 * - `fetchWithTimeout`, each attempt: one that fails after it was sent may have been billed;
 * - `makeRequest`, where the request is known and not yet sent: the call begins, is refused, or fails;
 * - `request`, which gives the promise that the application gets: how it reads the answer is watched;
 * - `parseResponseWithTimeout`, which reads the answer in the later releases of openai 7.
 */
export function clientPatches(host: CallHost): readonly ClientPatch[] {
  return [
    { name: 'fetchWithTimeout', wrap: patchFetch },
    { name: 'makeRequest', wrap: (original) => patchMakeRequest(host, original) },
    { name: 'parseResponseWithTimeout', wrap: patchParseResponse },
    { name: 'request', wrap: patchRequest },
  ];
}

function patchMakeRequest(host: CallHost, original: Method): Method {
  return async function makeRequest(this: Client, input: unknown, ...rest: unknown[]): Promise<unknown> {
    const options: unknown = await input;
    if (!isRecord(options)) return original.call(this, options, ...rest);
    const underWay = sentOf(options);
    if (underWay !== undefined) {
      await beforeRetry(underWay);
      return original.call(this, options, ...rest);
    }
    const sent = await begin(host, this, options);
    if (sent === undefined) return original.call(this, watched(host, this, options), ...rest);
    // A form stays the form that it is: its fields are only read.
    const changed = sent.body === sent.call.plan.body ? {} : { body: sent.body };
    const tagged = { ...options, ...changed, [SENT]: sent };
    try {
      const send = () => original.call(this, tagged, ...rest);
      const props: ResponseProps = await inFlight.run(sent, () => context.with(sent.call.context, send));
      safely('a response', () => {
        // Should the SDK try again from here, the body of this answer was lost.
        sent.lost = true;
        byResponse.set(props.response, sent);
        unread.register(props.response, sent.call);
      });
      return props;
    } catch (error) {
      safely('a failed request', () => sent.call.failed(error, 'request'));
      throw error;
    }
  };
}

/** The options of a request that is not a call, with what looks at its answer. */
function watched(host: CallHost, client: Client, options: RequestOptions): RequestOptions {
  try {
    const watch = WATCH in options ? undefined : watchOf(host, client, options);
    return watch === undefined ? options : { ...options, [WATCH]: watch };
  } catch (error) {
    if (isRefusal(error)) throw error;
    diag.error('otel-token-budget: a request could not be looked at; it goes on', error);
    return options;
  }
}

/** Before the SDK sends a request again: an attempt that may have been billed is charged, and the next one paid for. */
async function beforeRetry(sent: Sent): Promise<void> {
  const { lost, call } = sent;
  sent.lost = false;
  if (lost && call.strict) await call.reservation.renew();
}

function patchFetch(original: Method): Method {
  return async function fetchWithTimeout(this: Client, ...args: unknown[]): Promise<unknown> {
    try {
      return await original.apply(this, args);
    } catch (error) {
      const sent = inFlight.getStore();
      if (sent !== undefined) sent.lost = safely('a failed attempt', () => failureCost(error)) !== 'nothing';
      throw error;
    }
  };
}

/**
 * Begins the call of a request. Undefined where it is not one that is counted, or where our own code failed: the
 * request then goes on as if we were not there.
 */
async function begin(host: CallHost, client: Client, options: RequestOptions): Promise<Sent | undefined> {
  try {
    const plan = planOf(client, options);
    if (plan === undefined) return undefined;
    safely('the start of telemetry', () => host.beforeCall());
    const batched = plan.body['input_file_id'];
    if (typeof batched === 'string') await host.files.ready(batched);
    const begun = beginCall(host, plan);
    const call = isPromise(begun) ? await begun : begun;
    return { call, parsed: false, lost: false, ...sentBody(host, plan, call.reservation.clampedTo) };
  } catch (error) {
    if (isRefusal(error)) throw error;
    // A wait that the caller aborted: the SDK sees the signal too, and throws its own error.
    if (options.signal?.aborted === true) return undefined;
    diag.error('otel-token-budget: the start of a call failed; it goes on uncounted', error);
    return undefined;
  }
}

function patchParseResponse(original: Method): Method {
  return function parseResponseWithTimeout(this: Client, client: unknown, props: unknown): unknown {
    return watchParse(props, () => original.call(this, client, props));
  };
}

function patchRequest(original: Method): Method {
  return function request(this: Client, ...args: unknown[]): unknown {
    const promise: ApiPromise = original.apply(this, args);
    safely('the promise of an answer', () => {
      patchAsResponse(Object.getPrototypeOf(promise));
      if (!('parseResponseWithTimeout' in this)) watchParseOf(promise);
    });
    return promise;
  };
}

/** The parser is a field of the promise, which promises derived from it (`_thenUnwrap`) call as well. */
function watchParseOf(promise: ApiPromise): void {
  const { parseResponse } = promise;
  if (parseResponse === undefined) return;
  promise.parseResponse = (...args: unknown[]) =>
    watchParse(args.at(-1), () => parseResponse.apply(promise, args));
}

async function watchParse(props: unknown, parse: () => unknown): Promise<unknown> {
  const sent = isRecord(props) && isRecord(props['options']) ? sentOf(props['options']) : undefined;
  if (sent === undefined) return lookAt(props, await parse());
  sent.parsed = true;
  let value: unknown;
  try {
    value = await parse();
  } catch (error) {
    safely('a failed answer', () => sent.call.failed(error, 'answer'));
    throw error;
  }
  safely('an answer', () => {
    if (isSdkStream(value)) meterStream(value, sent.call, sent.asksUsage);
    else if (sent.call.plan.stream && isRawResponse(value)) watchResponse(value, sent.call, false);
    else sent.call.answered(value);
  });
  return value;
}

/** Shows the answer of a request that is not a call to what looks at it. */
function lookAt(props: unknown, value: unknown): unknown {
  const options = isRecord(props) ? props['options'] : undefined;
  const watch = isRecord(options) ? (Reflect.get(options, WATCH) as Watch | undefined) : undefined;
  if (watch !== undefined) safely('an answer', () => watch(value));
  return value;
}

const patchedPromises = new WeakSet<object>();

/** `asResponse` is the one way by which an application gets a body that the SDK has not read. */
function patchAsResponse(prototype: ApiPromise): void {
  if (patchedPromises.has(prototype)) return;
  patchedPromises.add(prototype);
  const original = prototype.asResponse;
  prototype.asResponse = function asResponse(this: ApiPromise): Promise<RawResponse> {
    return original.call(this).then((response) => {
      const sent = byResponse.get(response);
      if (sent !== undefined && !sent.parsed) {
        sent.parsed = true;
        safely('a raw response', () => watchResponse(response, sent.call, sent.asksUsage));
      }
      return response;
    });
  };
}

function sentOf(options: object): Sent | undefined {
  return Reflect.get(options, SENT) as Sent | undefined;
}
