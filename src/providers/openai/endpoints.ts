import type { CountedEndpoint, Endpoint, Meter, MeteredEndpoint } from '../contract/index.ts';
import {
  BATCH,
  CONTAINER,
  EVAL_RUN,
  PICTURES,
  RUN,
  SPEECH,
  TRANSCRIPTION,
  VIDEOS,
} from './endpoint-pricing/index.ts';
import { patternOf, plainPath } from './path-patterns.ts';

function metered(
  meter: Meter,
  rest: Partial<Pick<CountedEndpoint, 'operation' | 'defaultModel'>> = {},
): MeteredEndpoint {
  return { kind: 'metered', meter, operation: 'generate_content', hasOutput: true, capped: false, ...rest };
}

const uncapped = { kind: 'responses', operation: 'chat', hasOutput: true, capped: false } as const;
const pictures = metered(PICTURES, { defaultModel: 'gpt-image-1' });
const video = metered(VIDEOS, { defaultModel: 'sora-2-pro' });
const run = metered(RUN, { operation: 'invoke_agent' });

/** By the path that the SDK posts to, before Azure puts the deployment into it. One patch point serves all. */
const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map(
  Object.entries<Endpoint>({
    '/chat/completions': { kind: 'chat', operation: 'chat', apiType: 'chat_completions', hasOutput: true },
    '/responses': { kind: 'responses', operation: 'chat', apiType: 'responses', hasOutput: true },
    '/responses/compact': { ...uncapped, apiType: 'responses' },
    '/completions': { kind: 'completions', operation: 'text_completion', hasOutput: true },
    '/embeddings': { kind: 'embeddings', operation: 'embeddings', hasOutput: false },
    '/decisions': uncapped,
    '/images/generations': pictures,
    '/images/edits': pictures,
    '/images/variations': metered(PICTURES, { defaultModel: 'dall-e-2' }),
    '/audio/speech': metered(SPEECH),
    '/audio/transcriptions': metered(TRANSCRIPTION, { defaultModel: 'whisper-1' }),
    '/audio/translations': metered(TRANSCRIPTION, { defaultModel: 'whisper-1' }),
    '/videos': metered(VIDEOS, { defaultModel: 'sora-2' }),
    '/videos/edits': video,
    '/videos/extensions': video,
    '/videos/{id}/remix': video,
    '/batches': metered(BATCH),
    '/containers': metered(CONTAINER),
    '/threads/runs': run,
    '/threads/{id}/runs': run,
    '/evals/{id}/runs': metered(EVAL_RUN, { operation: 'invoke_agent' }),
  }),
);

/** The paths that are counted, `{id}` in them for what names one thing. */
export const COUNTED_PATHS: readonly string[] = [...ENDPOINTS.keys()];

const WITH_IDS = COUNTED_PATHS.filter((path) => path.includes('{id}'));

/** The endpoint of a request; undefined for one that is not counted. */
export function endpointOf(method: unknown, path: unknown): Endpoint | undefined {
  if (typeof path !== 'string' || typeof method !== 'string' || method.toLowerCase() !== 'post')
    return undefined;
  const plain = plainPath(path);
  return ENDPOINTS.get(plain) ?? ENDPOINTS.get(patternOf(plain, WITH_IDS) ?? '');
}
