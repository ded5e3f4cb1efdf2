/**
 * Whether a failed request can have cost anything.
 *
 * `nothing`: the service answered with an error status, or was never reached. `unknown`: it may have worked on the request
 * and billed it (a timeout, an abort or a broken connection after the request was sent).
 */
export type FailureCost = 'nothing' | 'unknown';

/** Codes of errors from before a request could be sent. */
const UNREACHED: ReadonlySet<string> = new Set([
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

/** What a failure of the request may have cost, by the error that the SDK threw. */
export function failureCost(error: unknown): FailureCost {
  if (statusOf(error) !== undefined) return 'nothing';
  let cause = error;
  for (let depth = 0; depth < 5 && cause instanceof Error; depth += 1) {
    if ('code' in cause && (UNREACHED.has(String(cause.code)) || String(cause.code).startsWith('ERR_TLS'))) {
      return 'nothing';
    }
    if (cause instanceof AggregateError && cause.errors.length > 0) {
      return cause.errors.every((one) => failureCost(one) === 'nothing') ? 'nothing' : 'unknown';
    }
    cause = cause.cause;
  }
  // What the SDK refuses before it sends (a missing key, a body it cannot serialize) has no cause and no request.
  const name = error instanceof Error ? error.constructor.name : '';
  const refused = name === 'OpenAIError' || name === 'SyntaxError';
  // A TypeError with a cause is what fetch throws when a request under way breaks.
  return refused || (name === 'TypeError' && (error as Error).cause === undefined) ? 'nothing' : 'unknown';
}

/** The application aborted a stream, which the SDK then ends without an error. */
export class StreamAbortedError extends Error {
  readonly code = 'aborted';

  constructor() {
    super('The stream was aborted before its end.');
    this.name = 'StreamAbortedError';
  }
}

const TYPES: Readonly<Record<string, string>> = {
  APIConnectionTimeoutError: 'timeout',
  APIUserAbortError: 'aborted',
  AbortError: 'aborted',
  StreamAbortedError: 'aborted',
};

/** `error.type`: the HTTP status, `timeout`, `aborted`, or the class of the error. */
export function errorType(error: unknown): string {
  const status = statusOf(error);
  if (hasOurCode(error)) return error.code;
  if (status !== undefined) return String(status);
  if (!(error instanceof Error)) return '_OTHER';
  const name = error.constructor.name === 'DOMException' ? error.name : error.constructor.name;
  return TYPES[name] ?? (name === '' ? '_OTHER' : name);
}

/** Whether an error is a refusal of ours, and no fault: those have a status that clients do not repeat. */
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

/** The error status of an answer: `status` of the SDKs, `statusCode` of the AI SDK, which has it of answers that went well too. */
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
