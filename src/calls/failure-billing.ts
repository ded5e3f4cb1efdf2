import type { ClientErrors } from '../providers/index.ts';
import { type FailureCharge, type FailureCharges, failureCharges } from './failure-charges.ts';

/** The codes of errors that occur before a request can be sent. */
const NOT_SENT_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EPROTO',
  'ERR_INVALID_URL',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_INVALID_ARG',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
]);

/**
 * Decides what a failed request is charged:
 *
 * - by its status, if it was answered with one;
 * - `nothing` if the service was never reached;
 * - `worst-case` if it may have been processed and billed: a timeout, an abort or a broken connection after it
 *   was sent.
 * @param error what the client threw, or its response
 */
export function failureCharge(
  error: unknown,
  clientErrors: ClientErrors = {},
  charges: FailureCharges = failureCharges(undefined),
): FailureCharge {
  const status = statusOf(error);
  if (status !== undefined) return charges.get(status) ?? 'nothing';
  let cause = error;
  for (let depth = 0; depth < 5 && cause instanceof Error; depth += 1) {
    if (
      'code' in cause &&
      (NOT_SENT_CODES.has(String(cause.code)) || String(cause.code).startsWith('ERR_TLS'))
    ) {
      return 'nothing';
    }
    if (cause instanceof AggregateError && cause.errors.length > 0) {
      return cause.errors.every((one) => failureCharge(one) === 'nothing') ? 'nothing' : 'worst-case';
    }
    cause = cause.cause;
  }
  return isUnsent(error, clientErrors) ? 'nothing' : 'worst-case';
}

/** Whether the client threw before it sent anything: a missing key, or a body that cannot be serialized. */
function isUnsent(error: unknown, { OpenAIError, APIError }: ClientErrors): boolean {
  if (isInstance(error, OpenAIError)) return !isInstance(error, APIError);
  if (error instanceof SyntaxError) return true;
  // A TypeError with a cause is thrown by fetch if a request under way breaks.
  return error instanceof TypeError && error.cause === undefined;
}

function isInstance(error: unknown, errorClass: ClientErrors['APIError']): boolean {
  return typeof errorClass === 'function' && error instanceof errorClass;
}

/** The application aborted a stream; the SDK ends such a stream without an error. */
export class StreamAbortedError extends Error {
  readonly code = 'aborted';

  constructor() {
    super('The stream was aborted before its end.');
    this.name = 'StreamAbortedError';
  }
}

/**
 * The value of `error.type`: our own code, the HTTP status, `timeout`, `aborted`, or the class of the error.
 */
export function errorType(error: unknown, clientErrors: ClientErrors = {}): string {
  if (hasOurCode(error)) return error.code;
  const status = statusOf(error);
  if (status !== undefined) return String(status);
  if (!(error instanceof Error)) return '_OTHER';
  const { APIConnectionTimeoutError, APIUserAbortError } = clientErrors;
  if (isInstance(error, APIConnectionTimeoutError)) return 'timeout';
  const isAbort = error.name === 'AbortError' || error instanceof StreamAbortedError;
  if (isAbort || isInstance(error, APIUserAbortError)) return 'aborted';
  // The SDK's classes leave `name` as it is, so the class names the error; for people only.
  const name = error.name === 'Error' ? error.constructor.name : error.name;
  return name === '' ? '_OTHER' : name;
}

/** Whether an error is our own refusal, not a fault: refusals have a status that clients do not retry. */
export function isRefusal(error: unknown): error is Error & { code: string; status: number } {
  return hasOurCode(error) && error instanceof Error && numberField(error, 'status') === 402;
}

function hasOurCode(error: unknown): error is { code: string } {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('token_budget_')
  );
}

/**
 * The error status of a response: `status` in the SDKs, `statusCode` in the AI SDK, whose errors also carry
 * it for responses with a success status.
 */
function statusOf(error: unknown): number | undefined {
  const code = numberField(error, 'statusCode');
  return numberField(error, 'status') ?? (code !== undefined && code >= 400 ? code : undefined);
}

function numberField(error: unknown, field: string): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value: unknown = Reflect.get(error, field);
  return typeof value === 'number' ? value : undefined;
}

/** The response of a call was never read to its end. */
export class AbandonedError extends Error {
  readonly code = 'token_budget_abandoned';

  constructor(why: string) {
    super(`The response of the call was not read to its end: ${why}.`);
    this.name = 'AbandonedError';
  }
}
