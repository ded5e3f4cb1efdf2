import { ENFORCED_PATHS } from './endpoint-table.ts';
import { maskIds, matchPathPattern, pathWithoutQuery } from './path-patterns.ts';

/**
 * How a request is handled: `enforced` (reserved if it has a bound, and charged), `free` (it costs nothing),
 * or `unmetered` (it may cost something that is unknown here: an event reports it, or it is refused).
 */
export type EndpointSupport = 'enforced' | 'free' | 'unmetered';

/**
 * POST requests that cost nothing: settings, uploads, parts of something that is paid for elsewhere. Whatever
 * a model or a tool does with them later is metered there.
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

/** POST requests that may cost something unknown. Every path that is in neither list is unmetered too. */
const UNMETERED: readonly string[] = [
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

/** How POST requests to each known path are handled. */
export const ENDPOINT_SUPPORT: ReadonlyMap<string, EndpointSupport> = new Map([
  ...ENFORCED_PATHS.map((path) => [path, 'enforced'] as const),
  ...FREE.map((path) => [path, 'free'] as const),
  ...UNMETERED.map((path) => [path, 'unmetered'] as const),
]);

/** How a request is handled, and its name in events. GET, HEAD and DELETE requests are free. */
export function endpointSupport(method: string, path: string): { support: EndpointSupport; name: string } {
  const verb = method.toUpperCase();
  const plain = pathWithoutQuery(path);
  if (verb === 'GET' || verb === 'DELETE' || verb === 'HEAD')
    return { support: 'free', name: `${verb} ${maskIds(plain)}` };
  const pattern = ENDPOINT_SUPPORT.has(plain) ? plain : matchPathPattern(plain, ENDPOINT_SUPPORT.keys());
  const name = `${verb} ${pattern ?? maskIds(plain)}`;
  return { support: (verb === 'POST' && ENDPOINT_SUPPORT.get(pattern ?? '')) || 'unmetered', name };
}
