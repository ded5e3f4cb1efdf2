import type { CallPlan } from './call-plan.ts';

/** Where a request goes, by its URL. */
export interface ApiTarget {
  readonly hostname: string;
  /** The path as OpenAI's SDK posts it, such as `/chat/completions`. */
  readonly path: string;
  /** The URL up to that path. */
  readonly baseURL: string;
  /** The deployment that the path names, on Azure. */
  readonly deploymentName?: string;
}

/** The body that is sent. */
export interface OutgoingBody {
  readonly body: Readonly<Record<string, unknown>>;
  /** Whether it requests a usage chunk that the caller did not request, and that is kept from the caller. */
  readonly addsUsageChunk: boolean;
}

/** Whether streams are asked for their usage; `auto`: if the provider is known to accept the option. */
export type IncludeUsage = 'auto' | 'always' | 'never';

/** An HTTP API of models: how its requests are recognized, planned and capped, and its responses read. */
export interface ProviderApi {
  /** Whether it serves a path of a host. */
  serves(path: string, hostname: string): boolean;
  /** Plans the call of a request; undefined if it is not metered. */
  plan(
    target: ApiTarget,
    body: Readonly<Record<string, unknown>>,
    signal: AbortSignal | undefined,
  ): CallPlan | undefined;
  /**
   * The caller's body with a lowered cap.
   * @param clampedTo the lowered output cap, tokens; undefined if the call keeps its own
   */
  outgoingBody(
    plan: CallPlan,
    body: Readonly<Record<string, unknown>>,
    clampedTo: number | undefined,
    includeUsage: IncludeUsage,
  ): OutgoingBody;
  /** Translates a response into one of OpenAI's API; absent if it is one. */
  readonly toOpenAiResponse?: (response: unknown) => unknown;
  /** Creates the translator of the events of one stream; absent if they are OpenAI's. */
  readonly newEventTranslator?: () => (event: unknown) => unknown;
}
