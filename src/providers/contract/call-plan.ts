import type { WorstCase } from '../../budget/index.ts';
import type { PriceQuery, RateCard } from '../../pricing/index.ts';
import type { RequestKind } from '../../tokens/index.ts';
import type { TokenUsage, UsageReading } from '../../usage/index.ts';
import type { Provider } from './provider.ts';

/** A call as it is known before it is sent. */
export interface CallPlan {
  readonly endpoint: Endpoint;
  readonly provider: Provider;
  /** Finds the price of the model in the price book. */
  readonly priceQuery: PriceQuery;
  /** The body of the request, in the terms of OpenAI's API. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The content of the request in the terms of OpenAI's API, if `body` is only a translation for counting. */
  readonly contentBody?: () => Readonly<Record<string, unknown>>;
  /** Whether the body cannot be read, such as that of a stream: then its fields, and its cost, are unknown. */
  readonly isOpaque?: boolean;
  /** As the caller names it; on Azure that may be a deployment. Empty if the request names none. */
  readonly model: string;
  readonly stream: boolean;
  /** The caller's output cap, tokens of one choice. */
  readonly requestedCap?: number;
  /** The field of the body that caps the output. */
  readonly capField: string;
  /** The most output tokens of one choice: the caller's cap, or the maximum of the model. */
  readonly outputCap: number;
  /** How many outputs are generated and billed. */
  readonly choices: number;
  /** The error classes of the client; absent if they are unknown. */
  readonly clientErrors?: ClientErrors;
  /** Whether the caller's signal was aborted before anything was sent. */
  readonly aborted: boolean;
  /** The caller's signal. */
  readonly signal?: AbortSignal;
}

type ErrorClass = abstract new (...args: never) => Error;

/**
 * The error classes that a client of the openai SDK has as statics. Errors are told apart by `instanceof`,
 * since bundlers rename classes.
 */
export interface ClientErrors {
  /** The base class; an error of it that is no APIError was thrown before anything was sent. */
  readonly OpenAIError?: ErrorClass;
  readonly APIError?: ErrorClass;
  readonly APIConnectionTimeoutError?: ErrorClass;
  readonly APIUserAbortError?: ErrorClass;
}

/** The plan of a call whose input and output are text. */
export type TokenPlan = CallPlan & { readonly endpoint: TokenEndpoint };

/** Whether the input and output of a call are text. */
export function isTokenPlan(plan: CallPlan): plan is TokenPlan {
  return plan.endpoint.kind !== 'unit-priced';
}

/** The fields of every metered endpoint. */
export interface EndpointBase {
  /** Method and path with the ids left out, for events: `POST /videos/{id}/remix`. */
  readonly name: string;
  /** `gen_ai.operation.name`. */
  readonly operation: 'chat' | 'text_completion' | 'embeddings' | 'generate_content' | 'invoke_agent';
  /** `openai.api.type`; absent if the conventions name none. */
  readonly apiType?: 'chat_completions' | 'responses';
  /** `gen_ai.output.type`, if the endpoint has only one. */
  readonly outputType?: 'image' | 'speech';
  /** Whether responses have output tokens. */
  readonly hasOutput: boolean;
  /** False if no field of the request caps the output. */
  readonly capped?: false;
  /** The model of a request that names none. */
  readonly defaultModel?: string;
}

/** An endpoint whose requests and responses are text, so that this package can count their tokens. */
export interface TokenEndpoint extends EndpointBase {
  /** How its requests and responses are read. */
  readonly kind: RequestKind;
}

/** An endpoint with pricing of its own: images, audio, video, work that continues in the service. */
export interface UnitPricedEndpoint extends EndpointBase {
  readonly kind: 'unit-priced';
  readonly pricing: EndpointPricing;
  readonly capped: false;
}

/** An endpoint that is metered. */
export type Endpoint = TokenEndpoint | UnitPricedEndpoint;

/** The files that this process uploaded. */
export interface KnownFiles {
  /** The worst case of a batch file; undefined if it was not seen or has no bound. */
  worstCaseOf(fileId: string): WorstCase | undefined;
}

/** Bounds and reads the calls of an endpoint that does not answer text with text. */
export interface EndpointPricing {
  /** The worst case of a call; undefined if it has no bound that is known before it is sent. */
  worstCase(plan: CallPlan, card: RateCard, files: KnownFiles): WorstCase | undefined;
  /** The usage that a response reports, or that follows from the request. Never throws. */
  readUsage(response: Readonly<Record<string, unknown>>, plan: CallPlan, card: RateCard): UsageReading;
  /** The usage assumed if the response reports none, or never arrived. */
  estimateUsage(plan: CallPlan, card: RateCard): TokenUsage;
}

/** The plan with another provider name, by which its price is found too. */
export function withProviderName(plan: CallPlan, name: string): CallPlan {
  return {
    ...plan,
    provider: { ...plan.provider, name },
    priceQuery: { ...plan.priceQuery, provider: name },
  };
}
