import { COUNTED_PATHS } from './endpoints.ts';
import { patternOf, plainPath, withoutIds } from './path-patterns.ts';

/**
 * What becomes of a request: `counted` (reserved where it can be, and charged), `free` (it costs nothing), or `not counted` (it
 * may cost something that nobody here knows: an event says so, or it is refused).
 */
export type Coverage = 'counted' | 'free' | 'not counted';

/**
 * POST requests that cost nothing: settings, uploads, the parts of something that is paid for elsewhere. What a model or a tool does
 * with them is counted where it does it.
 */
const FREE: readonly string[] = [
  '/agents',
  '/agents/{id}',
  '/agents/automations/{id}/pause',
  '/agents/environments/templates',
  '/agents/environments/templates/{id}',
  '/assistants',
  '/assistants/{id}',
  '/audio/voice_consents',
  '/audio/voice_consents/{id}',
  '/batches/{id}/cancel',
  '/chat/completions/{id}',
  '/chatkit/sessions/{id}/cancel',
  '/containers/{id}/files',
  '/conversations',
  '/conversations/{id}',
  '/conversations/{id}/items',
  '/evals',
  '/evals/{id}',
  '/evals/{id}/runs/{id}',
  '/evals/{id}/runs/{id}/cancel',
  '/files',
  '/fine_tuning/alpha/graders/validate',
  '/fine_tuning/checkpoints/{id}/permissions',
  '/fine_tuning/jobs/{id}/cancel',
  '/fine_tuning/jobs/{id}/pause',
  '/live/sessions/{id}/hangup',
  '/live/sessions/{id}/refer',
  '/live/sessions/{id}/reject',
  '/moderations',
  '/organization/**',
  '/projects/**',
  '/realtime/calls/{id}/hangup',
  '/realtime/calls/{id}/refer',
  '/realtime/calls/{id}/reject',
  '/responses/input_tokens',
  '/responses/{id}/cancel',
  '/skills',
  '/skills/{id}',
  '/skills/{id}/versions',
  '/threads',
  '/threads/{id}',
  '/threads/{id}/messages',
  '/threads/{id}/messages/{id}',
  '/threads/{id}/runs/{id}',
  '/threads/{id}/runs/{id}/cancel',
  '/threads/{id}/runs/{id}/submit_tool_outputs',
  '/uploads',
  '/uploads/{id}/cancel',
  '/uploads/{id}/complete',
  '/uploads/{id}/parts',
  '/vaults/**',
  '/vector_stores/{id}',
  '/vector_stores/{id}/file_batches/{id}/cancel',
  '/vector_stores/{id}/files/{id}',
  '/webhook_endpoints/**',
];

/** POST requests that may cost something which is not counted. So is every path that is in neither list. */
const NOT_COUNTED: readonly string[] = [
  '/agents/automations',
  '/agents/automations/{id}',
  '/agents/automations/{id}/invocations',
  '/agents/automations/{id}/resume',
  '/agents/environments',
  '/agents/environments/{id}/files',
  '/agents/sessions',
  '/agents/sessions/{id}',
  '/agents/sessions/{id}/events',
  '/audio/voices',
  '/chatkit/sessions',
  '/content_provenance_checks',
  '/fine_tuning/alpha/graders/run',
  '/fine_tuning/jobs',
  '/fine_tuning/jobs/{id}/resume',
  '/live/sessions',
  '/live/sessions/{id}/accept',
  '/live/sessions/{id}/fork',
  '/realtime/calls',
  '/realtime/calls/{id}/accept',
  '/realtime/client_secrets',
  '/realtime/sessions',
  '/realtime/transcription_sessions',
  '/realtime/translations/client_secrets',
  '/vector_stores',
  '/vector_stores/{id}/file_batches',
  '/vector_stores/{id}/files',
  '/vector_stores/{id}/search',
  '/videos/characters',
];

/** Each path of POST requests that is known, and what becomes of it. */
export const COVERAGE: ReadonlyMap<string, Coverage> = new Map([
  ...COUNTED_PATHS.map((path) => [path, 'counted'] as const),
  ...FREE.map((path) => [path, 'free'] as const),
  ...NOT_COUNTED.map((path) => [path, 'not counted'] as const),
]);

/** What becomes of a request, and its name in events. To read and to delete costs nothing. */
export function coverageOf(method: string, path: string): { coverage: Coverage; endpoint: string } {
  const verb = method.toUpperCase();
  const plain = plainPath(path);
  if (verb === 'GET' || verb === 'DELETE' || verb === 'HEAD')
    return { coverage: 'free', endpoint: `${verb} ${withoutIds(plain)}` };
  const pattern = COVERAGE.has(plain) ? plain : patternOf(plain, COVERAGE.keys());
  const endpoint = `${verb} ${pattern ?? withoutIds(plain)}`;
  return { coverage: (verb === 'POST' && COVERAGE.get(pattern ?? '')) || 'not counted', endpoint };
}
