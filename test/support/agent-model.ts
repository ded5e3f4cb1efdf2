import type { Exchange } from './exchange.ts';
import { type JsonObject, objectsOf } from './json.ts';
import { normalizePath } from './replay-match.ts';
import type { ReplayRequest } from './replay-server.ts';

/** What answers each endpoint: a call of the tool, a text, and both as streams. */
const ANSWERS: Readonly<
  Record<string, Readonly<Record<'tool' | 'text' | 'toolStream' | 'textStream', string>>>
> = {
  '/v1/chat/completions': {
    tool: 'chat-tools',
    text: 'chat-plain',
    toolStream: 'chat-stream-tools',
    textStream: 'chat-stream-plain',
  },
  '/v1/responses': {
    tool: 'responses-tools',
    text: 'responses-plain',
    toolStream: 'responses-stream-tools',
    textStream: 'responses-stream',
  },
  '/v1/messages': {
    tool: 'messages-tools',
    text: 'messages-cached',
    toolStream: 'messages-stream-tools',
    textStream: 'messages-stream',
  },
};

/**
 * A model for agents of any framework, whatever words and fields they put around the question: where it is given a tool
 * it calls it, and once it has a result it answers.
 */
export function agentModel(
  exchanges: readonly Exchange[],
  { url, replayId, body }: ReplayRequest,
): Exchange | undefined {
  const { path } = normalizePath(url);
  const id =
    replayId ?? (path === '/v1/embeddings' ? 'embeddings-one' : ANSWERS[path]?.[answerTo(body ?? {})]);
  return exchanges.find((exchange) => exchange.id === id);
}

function answerTo(body: JsonObject): 'tool' | 'text' | 'toolStream' | 'textStream' {
  const kind = objectsOf(body['tools']).length > 0 && !hasResult(body) ? 'tool' : 'text';
  return body['stream'] === true ? `${kind}Stream` : kind;
}

function hasResult(body: JsonObject): boolean {
  return [...objectsOf(body['messages']), ...objectsOf(body['input'])].some(
    (item) =>
      item['role'] === 'tool' ||
      item['type'] === 'function_call_output' ||
      objectsOf(item['content']).some(({ type }) => type === 'tool_result'),
  );
}
