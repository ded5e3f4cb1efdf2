/** The service that a client calls, which bills its calls. */
export interface Provider {
  /** `gen_ai.provider.name`: `openai`, `azure.ai.openai`, `aws.bedrock`, `anthropic`, … */
  readonly name: string;
  readonly baseUrl?: string;
  readonly address?: string;
  readonly port?: number;
  /** Whether the API is OpenAI's own or Azure's, and so is known to accept `stream_options.include_usage`. */
  readonly acceptsIncludeUsage: boolean;
}
