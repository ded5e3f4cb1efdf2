/**
 * The parts of the openai SDK, 4.19 to 7, that the instrumentation touches. They are written down here because
 * most are internal, so the SDK's own types leave them out, and because the SDK is never loaded by us.
 */

/** What `makeRequest` takes, once its promise is resolved. */
export interface RequestOptions {
  readonly method?: string;
  readonly path?: string;
  readonly body?: unknown;
  readonly stream?: boolean;
  readonly signal?: AbortSignal | null;
  readonly [key: string | symbol]: unknown;
}

/** What `makeRequest` gives: the response with its headers, the body unread. */
export interface ResponseProps {
  readonly response: RawResponse;
  readonly options: RequestOptions;
}

/** A web `Response`, or the one of node-fetch that openai 4 uses on Node. */
export interface RawResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: unknown;
}

/** The client: `OpenAI`, `AzureOpenAI` or a subclass. */
export interface Client {
  readonly baseURL?: unknown;
  readonly constructor: { readonly name: string };
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

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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

/** An answer that the SDK leaves unread (speech, files). */
export function isRawResponse(value: unknown): value is RawResponse {
  return isRecord(value) && typeof value['status'] === 'number' && 'headers' in value && 'body' in value;
}
