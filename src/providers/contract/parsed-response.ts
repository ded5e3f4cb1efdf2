import type { BilledUnits, TokenUsage, UsageReading } from '../../usage/index.ts';

/** A response, as its provider's API reports it. */
export interface ParsedResponse {
  readonly usage: UsageReading;
  readonly id?: string;
  readonly model?: string;
  readonly serviceTier?: string;
  readonly systemFingerprint?: string;
  /** The conversation that the response belongs to, or the thread of a run. */
  readonly conversationId?: string;
  readonly finishReasons: readonly string[];
  /**
   * Whether the work continues after this response (background responses, batches, runs), so that more will
   * be billed.
   */
  readonly unfinished: boolean;
  /** The usage of hosted tools, billed in addition to the tokens; absent if none ran. */
  readonly tools?: HostedTools;
}

/** The usage of tools that the service ran, billed in addition to the tokens. */
export interface HostedTools {
  readonly units: readonly BilledUnits[];
  /** Containers that code ran in; each is billed once, however many responses name it. */
  readonly containers: readonly { readonly id: string; readonly memory: string }[];
  readonly others: readonly OtherUsage[];
}

/** Usage that is billed at the price of a model other than the one that responded. */
export interface OtherUsage {
  readonly model: string;
  readonly usage: TokenUsage;
}
