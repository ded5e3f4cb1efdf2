import type { RawResponse } from '../../calls/index.ts';
import type { ApiRequest } from '../../providers/index.ts';

/*
 * The parts of the openai SDK, 4.19 to 7, that the instrumentation touches. Most are internal, so the SDK's
 * own types leave them out; and this package never loads the SDK.
 */

/** The result of `makeRequest`: the response with its headers, its body unread. */
export interface ResponseProps {
  readonly response: RawResponse;
  readonly options: ApiRequest;
}

/** The SDK's lazy promise of a response. */
export interface ApiPromise {
  parseResponse?: (...args: unknown[]) => unknown;
  asResponse(): Promise<RawResponse>;
}

/** The SDK's stream of events. */
export interface SdkStream {
  iterator: () => AsyncIterator<unknown>;
  readonly controller: AbortController;
}

/**
 * Whether a value is a stream of the SDK, by its shape: CommonJS and ES module builds have different classes.
 */
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

/** A method of the SDK, of which only the name is known. */
// biome-ignore lint/suspicious/noExplicitAny: neither its arguments nor its receiver have known types
export type Method = (this: any, ...args: any[]) => any;

/** A method of the client, and what wraps it. */
export interface ClientPatch {
  readonly name: string;
  readonly wrap: (original: Method) => Method;
}
