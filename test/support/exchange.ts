import type { TokenUsage } from '../../src/usage/token-usage.ts';
import type { JsonObject } from './json.ts';

/** One request to the API and what was answered, in the format of the recordings. */
export interface Exchange {
  readonly id: string;
  readonly provider: 'openai' | 'azure';
  /** Normalized endpoint: `/v1/chat/completions`, `/v1/responses`, … */
  readonly path: string;
  readonly status: number;
  readonly contentType: string;
  /** Whether `response` is the text of an event stream. */
  readonly stream: boolean;
  readonly request: JsonObject;
  /** A JSON body, or a string that is sent as it is. */
  readonly response: unknown;
  /** Response headers beside the content type. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The last chunk of a chat stream, sent only to requests with `stream_options.include_usage`. */
  readonly usageChunk?: JsonObject;
}

/** An exchange written for our tests: it says what it shows and what the service bills for it. */
export interface OwnExchange extends Exchange {
  readonly covers: string;
  /** What the call used; absent where the response does not say, or not in a way to be believed. */
  readonly expected?: TokenUsage;
}
