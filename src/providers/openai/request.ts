/** The client: `OpenAI`, `AzureOpenAI` or a subclass. */
export interface ApiClient {
  readonly baseURL?: unknown;
  readonly constructor: { readonly name: string };
}

/** What `makeRequest` takes, once its promise is resolved. */
export interface ApiRequest {
  readonly method?: string;
  readonly path?: string;
  readonly body?: unknown;
  readonly stream?: boolean;
  readonly signal?: AbortSignal | null;
  readonly [key: string | symbol]: unknown;
}
