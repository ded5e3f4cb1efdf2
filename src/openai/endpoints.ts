import type { RequestKind } from '../tokens/index.ts';

/** An endpoint that is counted. */
export interface Endpoint {
  /** How its requests and answers are read. */
  readonly kind: RequestKind;
  /** `gen_ai.operation.name`. */
  readonly operation: 'chat' | 'text_completion' | 'embeddings';
  /** `openai.api.type`; absent where the conventions name none. */
  readonly apiType?: 'chat_completions' | 'responses';
  /** Whether answers have output tokens. */
  readonly hasOutput: boolean;
  /** False where the request has no field that caps the output. */
  readonly capped?: false;
}

/** By the path that the SDK posts to, before Azure puts the deployment into it. One patch point serves all. */
const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map(
  Object.entries<Endpoint>({
    '/chat/completions': { kind: 'chat', operation: 'chat', apiType: 'chat_completions', hasOutput: true },
    '/responses': { kind: 'responses', operation: 'chat', apiType: 'responses', hasOutput: true },
    '/responses/compact': {
      kind: 'responses',
      operation: 'chat',
      apiType: 'responses',
      hasOutput: true,
      capped: false,
    },
    '/completions': { kind: 'completions', operation: 'text_completion', hasOutput: true },
    '/embeddings': { kind: 'embeddings', operation: 'embeddings', hasOutput: false },
  }),
);

/** The endpoint of a request; undefined for one that is not counted. */
export function endpointOf(method: unknown, path: unknown): Endpoint | undefined {
  if (typeof path !== 'string' || typeof method !== 'string' || method.toLowerCase() !== 'post')
    return undefined;
  const query = path.indexOf('?');
  return ENDPOINTS.get(query < 0 ? path : path.slice(0, query));
}
