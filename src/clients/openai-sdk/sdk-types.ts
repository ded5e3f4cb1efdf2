import type { RawResponse } from '../../calls/index.ts';
import type { RequestOptions } from '../../providers/index.ts';
/**
 * The parts of the openai SDK, 4.19 to 7, that the instrumentation touches. They are written down here because
 * most are internal, so the SDK's own types leave them out, and because the SDK is never loaded by us.
 */

/** What `makeRequest` gives: the response with its headers, the body unread. */
export interface ResponseProps {
  readonly response: RawResponse;
  readonly options: RequestOptions;
}

/** The SDK's lazy promise of an answer. */
export interface ApiPromise {
  parseResponse?: (...args: unknown[]) => unknown;
  asResponse(): Promise<RawResponse>;
}

/** The SDK's stream of events. */
export interface SdkStream {
  iterator: () => AsyncIterator<unknown>;
  readonly controller: AbortController;
}

/** Told by its shape: the class differs between the SDK's CommonJS and ES module builds. */
export function isSdkStream(value: unknown): value is SdkStream {
  return (
    typeof value === 'object' &&
    value !== null &&
    'iterator' in value &&
    typeof value.iterator === 'function' &&
    'controller' in value &&
    value.controller instanceof AbortController
  );
}
