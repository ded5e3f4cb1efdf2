import type { BilledUnits, TokenUsage, UsageReading } from '../../usage/index.ts';
/** What an answer says of itself. */
export interface ParsedResponse {
  readonly usage: UsageReading;
  readonly id?: string;
  readonly model?: string;
  readonly serviceTier?: string;
  readonly systemFingerprint?: string;
  readonly finishReasons: readonly string[];
  /** Whether the work goes on after this answer (background responses, batches, runs), so that more will be billed. */
  readonly unfinished: boolean;
  /** What hosted tools are billed beside the tokens; absent where none ran. */
  readonly tools?: HostedTools;
}

/** What an answer says of tools that the service ran, and bills beside the tokens. */
export interface HostedTools {
  readonly units: readonly BilledUnits[];
  /** Containers that code ran in; each is billed once, however many answers name it. */
  readonly containers: readonly { readonly id: string; readonly memory: string }[];
  readonly others: readonly OtherUsage[];
}

/** Usage that is billed at the price of another model than the one that answered. */
export interface OtherUsage {
  readonly model: string;
  readonly usage: TokenUsage;
}
