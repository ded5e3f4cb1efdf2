import type { Call, SentRequest } from '../../calls/index.ts';
import { type ApiRequest, jsonWithFields, type OutgoingFields, withFields } from '../../providers/index.ts';
import { isRecord } from '../../util/index.ts';
import type { ResponseObserver } from './response-observers.ts';

/** A call on its way through the SDK. */
export class SentCall {
  readonly call: Call;
  /** Whether the usage chunk of the stream was requested by this package. */
  addsUsageChunk = false;
  /** What is put into the body before it is sent. */
  fields: OutgoingFields['fields'];
  /** Whether the SDK reads the response body; if not, the application does. */
  parsed = false;

  constructor(call: Call, { fields, addsUsageChunk }: OutgoingFields) {
    this.call = call;
    this.fields = fields;
    this.addsUsageChunk = addsUsageChunk;
  }
}

/** Carries the call in the options of its request: the SDK copies their symbols, through retries too. */
export const SENT = Symbol('otel-token-budget.sent');

/** Carries a call that starts when its request has been built. */
export const LATE = Symbol('otel-token-budget.late');

/** Carries a request whose call a layer above meters. */
export const PASSED_ON = Symbol('otel-token-budget.passed-on');

/** Returns the request with these options whose call a layer above meters. */
export function passedOnOf(target: object): SentRequest | undefined {
  return (Reflect.get(target, PASSED_ON) as SentRequest | undefined) ?? lateCallOf(target)?.passedOn;
}

/** Returns the call that options, or a response, belong to. */
export function sentCallOf(target: object): SentCall | undefined {
  return (Reflect.get(target, SENT) as SentCall | undefined) ?? lateCallOf(target)?.sent;
}

/** A call that starts when its request has been built. */
export interface StartsLate {
  /** The call; undefined until it starts, and if the request is not one. */
  readonly sent: SentCall | undefined;
  /** The request, if a layer above meters it. */
  readonly passedOn: SentRequest | undefined;
  /** The observer of the response to a request that is not a call. */
  readonly observer: ResponseObserver | undefined;
  /** Whether the request has been built. */
  readonly isStarted: boolean;
  /**
   * Starts the call of the built request, once.
   * @throws the refusals of `startCall` and of an endpoint whose cost is unknown
   */
  start(options: ApiRequest, built: BuiltRequest): Promise<void>;
}

/** Returns the call that starts when the request with these options has been built. */
export function lateCallOf(target: object): StartsLate | undefined {
  return Reflect.get(target, LATE) as StartsLate | undefined;
}

/** A request as the SDK has built it. */
export interface BuiltRequest {
  readonly req: { body?: unknown };
  readonly url: string;
}

/**
 * Puts the fields of a call into its built request: into what is serialized, so that the caller's own object is
 * neither read again nor replaced.
 */
export function putFields(options: object, { req }: BuiltRequest): void {
  const fields = sentCallOf(options)?.fields;
  if (fields !== undefined && typeof req.body === 'string') req.body = jsonWithFields(req.body, fields);
}

/** The same for a body that is not a text. */
export async function putFieldsIntoBytes(options: object, { req }: BuiltRequest): Promise<void> {
  const fields = sentCallOf(options)?.fields;
  if (fields !== undefined && isRecord(req.body)) req.body = await withFields(req.body, fields);
}
