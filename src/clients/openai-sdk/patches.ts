import { context, diag } from '@opentelemetry/api';
import type { StatusFormat } from '../../budget/index.ts';
import {
  beginSafely,
  type Call,
  type CallHost,
  countedBy,
  endIfUnread,
  failureCost,
  isRawResponse,
  isRefusal,
  type RawResponse,
  safely,
  sendCounted,
  watchResponse,
} from '../../calls/index.ts';
import { type Client, planOf, type RequestOptions, type SentBody, sentBody } from '../../providers/index.ts';
import { currentBudget } from '../../telemetry/context/index.ts';
import { afterwards, isPromise, isRecord, type MaybePromise } from '../../util/index.ts';
import { optionsWithStatus } from './budget-status.ts';
import { type Watch, watchOf } from './response-observers.ts';
import { meterStream } from './sdk-stream.ts';
import { type ApiPromise, isSdkStream, type ResponseProps } from './sdk-types.ts';

// biome-ignore lint/suspicious/noExplicitAny: a method of the SDK, whose types are internal and differ by release
export type Method = (this: any, ...args: any[]) => any;

/** A method of the client and what stands in for it. */
export interface ClientPatch {
  readonly name: string;
  readonly wrap: (original: Method) => Method;
}

/** A call on its way through the SDK. */
class Sent {
  readonly call: Call;
  readonly body: Readonly<Record<string, unknown>>;
  /** Whether the stream is asked for usage that the caller did not ask for. */
  readonly asksUsage: boolean;
  /** Whether the SDK reads the body; otherwise the application does. */
  parsed = false;
  /** Whether the last attempt was sent and its cost is not known. */
  lost = false;

  constructor(call: Call, { body, asksUsage }: SentBody) {
    this.call = call;
    this.body = body;
    this.asksUsage = asksUsage;
  }
}

/** The SDK copies the options of a request with their symbols, so the call goes with them, through retries too. */
const SENT = Symbol('otel-token-budget.sent');

/** What looks at the answer of a request that is not a call travels in the same way. */
const WATCH = Symbol('otel-token-budget.watch');

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

/** Marks what stands in for a method, whichever copy of this package put it there. */
const METERED = Symbol.for('otel-token-budget.metered');

/** Whether the calls of a client are seen already. */
export function isMetered(client: object): boolean {
  const { makeRequest } = client as { makeRequest?: object };
  return makeRequest !== undefined && METERED in makeRequest;
}

function patchMakeRequest(host: CallHost, original: Method): Method {
  return Object.assign(meteredRequest(host, original), { [METERED]: true });
}

function meteredRequest(host: CallHost, original: Method): Method {
  return async function makeRequest(this: Client, input: unknown, ...rest: unknown[]): Promise<unknown> {
    const options: unknown = await input;
    if (!isRecord(options)) return original.call(this, options, ...rest);
    const underWay = sentOf(options);
    if (underWay !== undefined) {
      await beforeRetry(underWay);
      return original.call(this, options, ...rest);
    }
    const asked = host.budgetStatus === 'off' ? options : await tellStatus(host, options, host.budgetStatus);
    const begun = begin(host, this, asked);
    const sent = isPromise(begun) ? await begun : begun;
    if (sent === undefined) return original.call(this, watched(host, this, options), ...rest);
    // A form stays the form that it is: its fields are only read.
    const changed = sent.body === sent.call.plan.body ? {} : { body: sent.body };
    const tagged = { ...asked, ...changed, [SENT]: sent };
    try {
      const send = () => original.call(this, tagged, ...rest);
      const props: ResponseProps = await sendCounted(() => context.with(sent.call.context, send), sent);
      safely('a response', () => {
        // Should the SDK try again from here, the body of this answer was lost.
        sent.lost = true;
        // For an application that reads the response itself.
        Reflect.defineProperty(props.response, SENT, { value: sent });
        endIfUnread(props.response, sent);
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

/** The request with the status of its budget in it, where that is asked for. */
async function tellStatus(
  host: CallHost,
  options: RequestOptions,
  format: StatusFormat,
): Promise<RequestOptions> {
  try {
    return await optionsWithStatus(options, currentBudget() ?? host.tracker, format);
  } catch (error) {
    diag.error('otel-token-budget: a call could not be told its budget; it goes on without', error);
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
  return function fetchWithTimeout(this: Client, ...args: unknown[]): unknown {
    const answer: unknown = original.apply(this, args);
    const sent = countedBy();
    if (sent instanceof Sent && answer instanceof Promise) {
      answer.catch((error: unknown) => {
        sent.lost = safely('a failed attempt', () => failureCost(error)) !== 'nothing';
      });
    }
    return answer;
  };
}

function begin(host: CallHost, client: Client, options: RequestOptions): MaybePromise<Sent | undefined> {
  const begun = beginSafely(host, () => planOf(client, options), options.signal);
  return afterwards(begun, (call): Sent | undefined => {
    if (call === undefined) return undefined;
    return new Sent(call, sentBody(host, call.plan, call.reservation.clampedTo));
  });
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

type Parse = NonNullable<ApiPromise['parseResponse']>;

/** By what they stand in for: most promises have one and the same parser. */
const watchedParsers = new WeakMap<Parse, Parse>();

/** The parser is a field of the promise, which promises derived from it (`_thenUnwrap`) call as well. */
function watchParseOf(promise: ApiPromise): void {
  const { parseResponse } = promise;
  if (parseResponse !== undefined) promise.parseResponse = watchedParser(parseResponse);
}

function watchedParser(parse: Parse): Parse {
  let watched = watchedParsers.get(parse);
  if (watched === undefined) {
    watched = function parseResponse(this: unknown, ...args: unknown[]) {
      return watchParse(args.at(-1), () => parse.apply(this, args));
    };
    watchedParsers.set(parse, watched);
  }
  return watched;
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
      const sent = sentOf(response);
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
