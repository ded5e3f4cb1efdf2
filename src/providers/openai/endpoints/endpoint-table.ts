import type {
  Endpoint,
  EndpointBase,
  EndpointPricing,
  TokenEndpoint,
  UnitPricedEndpoint,
} from '../../contract/index.ts';
import { matchPathPattern, pathWithoutQuery } from './path-patterns.ts';
import {
  ASSISTANT_RUN,
  BATCH,
  CONTAINER,
  EVAL_RUN,
  IMAGES,
  SPEECH,
  TRANSCRIPTION,
  VIDEOS,
} from './pricing/index.ts';

/** An endpoint as the table below defines it: its name follows from its path. */
type Unnamed = Omit<TokenEndpoint, 'name'> | Omit<UnitPricedEndpoint, 'name'>;

function unitPriced(
  pricing: EndpointPricing,
  rest: Partial<Pick<EndpointBase, 'operation' | 'outputType' | 'defaultModel'>> = {},
): Unnamed {
  return {
    kind: 'unit-priced',
    pricing,
    operation: 'generate_content',
    hasOutput: true,
    capped: false,
    ...rest,
  };
}

const uncapped = { kind: 'responses', operation: 'chat', hasOutput: true, capped: false } as const;
const images = unitPriced(IMAGES, { outputType: 'image', defaultModel: 'gpt-image-1' });
const video = unitPriced(VIDEOS, { defaultModel: 'sora-2-pro' });
const run = unitPriced(ASSISTANT_RUN, { operation: 'invoke_agent' });

/** The metered endpoints, by the path that the SDK posts to, before Azure puts the deployment into it. */
export const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map(
  Object.entries<Unnamed>({
    '/chat/completions': { kind: 'chat', operation: 'chat', apiType: 'chat_completions', hasOutput: true },
    '/responses': { kind: 'responses', operation: 'chat', apiType: 'responses', hasOutput: true },
    '/responses/compact': { ...uncapped, apiType: 'responses' },
    '/completions': { kind: 'completions', operation: 'text_completion', hasOutput: true },
    '/embeddings': { kind: 'embeddings', operation: 'embeddings', hasOutput: false },
    '/decisions': uncapped,
    '/images/generations': images,
    '/images/edits': images,
    '/images/variations': unitPriced(IMAGES, { outputType: 'image', defaultModel: 'dall-e-2' }),
    '/audio/speech': unitPriced(SPEECH, { outputType: 'speech' }),
    '/audio/transcriptions': unitPriced(TRANSCRIPTION, { defaultModel: 'whisper-1' }),
    '/audio/translations': unitPriced(TRANSCRIPTION, { defaultModel: 'whisper-1' }),
    '/videos': unitPriced(VIDEOS, { defaultModel: 'sora-2' }),
    '/videos/edits': video,
    '/videos/extensions': video,
    '/videos/{id}/remix': video,
    '/batches': unitPriced(BATCH),
    '/containers': unitPriced(CONTAINER),
    '/threads/runs': run,
    '/threads/{id}/runs': run,
    '/evals/{id}/runs': unitPriced(EVAL_RUN, { operation: 'invoke_agent' }),
  }).map(([path, endpoint]) => [path, { ...endpoint, name: `POST ${path}` }]),
);

/** The paths of the metered endpoints, with `{id}` in place of ids. */
export const ENFORCED_PATHS: readonly string[] = [...ENDPOINTS.keys()];

const PATHS_WITH_IDS = ENFORCED_PATHS.filter((path) => path.includes('{id}'));

/** The endpoint of a request; undefined if it is not metered. */
export function endpointOf(method: unknown, path: unknown): Endpoint | undefined {
  if (typeof path !== 'string' || typeof method !== 'string' || method.toLowerCase() !== 'post')
    return undefined;
  const plain = pathWithoutQuery(path);
  return ENDPOINTS.get(plain) ?? ENDPOINTS.get(matchPathPattern(plain, PATHS_WITH_IDS) ?? '');
}
