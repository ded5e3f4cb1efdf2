import type { WorstCase } from '../../budget/index.ts';
import type { RateCard } from '../../pricing/index.ts';
import type { RequestKind } from '../../tokens/index.ts';
import type { TokenUsage, UsageReading } from '../../usage/index.ts';
import type { Provider } from './provider.ts';
/** What is known of a call before it is sent. */
export interface CallPlan {
  readonly endpoint: Endpoint;
  /** The method and the path, ids left out, for events: `POST /videos/{id}/remix`. */
  readonly name: string;
  readonly provider: Provider;
  readonly body: Readonly<Record<string, unknown>>;
  /** As the caller names it; on Azure that may be a deployment. Empty where the request names none. */
  readonly model: string;
  readonly stream: boolean;
  /** The caller's output cap, tokens of one choice. */
  readonly askedCap?: number;
  /** The field of the body that caps the output. */
  readonly capField: string;
  /** The most output tokens that one choice can have: the cap, or the model's maximum. */
  readonly outputCap: number;
  /** How many answers are generated and billed. */
  readonly choices: number;
  /** Whether the caller's signal was aborted before anything was sent. */
  readonly aborted: boolean;
  /** The caller's signal. */
  readonly signal?: AbortSignal;
}

/** The plan of a call whose input and output are text. */
export type TokenPlan = CallPlan & { readonly endpoint: TokenEndpoint };

export function isTokenPlan(plan: CallPlan): plan is TokenPlan {
  return plan.endpoint.kind !== 'metered';
}

export interface CountedEndpoint {
  /** `gen_ai.operation.name`. */
  readonly operation: 'chat' | 'text_completion' | 'embeddings' | 'generate_content' | 'invoke_agent';
  /** `openai.api.type`; absent where the conventions name none. */
  readonly apiType?: 'chat_completions' | 'responses';
  /** Whether answers have output tokens. */
  readonly hasOutput: boolean;
  /** False where the request has no field that caps the output. */
  readonly capped?: false;
  /** The model where the request names none. */
  readonly defaultModel?: string;
}

/** An endpoint whose requests and answers are texts: its tokens are counted here. */
export interface TokenEndpoint extends CountedEndpoint {
  /** How its requests and answers are read. */
  readonly kind: RequestKind;
}

/** An endpoint that has a meter of its own. */
export interface MeteredEndpoint extends CountedEndpoint {
  readonly kind: 'metered';
  readonly meter: Meter;
  readonly capped: false;
}

/** An endpoint that is counted. */
export type Endpoint = TokenEndpoint | MeteredEndpoint;

/** What is known of files that were uploaded in this process. */
export interface KnownFiles {
  /** The worst case of a file of batched requests; undefined where it was not seen, or has no bound. */
  worstOf(fileId: string): WorstCase | undefined;
}

/**
 * How the calls of an endpoint are bounded and read that are not a text for a text: pictures, sound, film, work that
 * goes on in the service.
 */
export interface Meter {
  /** The worst case of a call; undefined where it has no bound that is known before it is sent. */
  worst(plan: CallPlan, card: RateCard, files: KnownFiles): WorstCase | undefined;
  /** What an answer says that was used, or what is known of it from the request. Never throws. */
  read(answer: Readonly<Record<string, unknown>>, plan: CallPlan, card: RateCard): UsageReading;
  /** What is taken where an answer does not say it, or none came. */
  counted(plan: CallPlan, card: RateCard): TokenUsage;
}
