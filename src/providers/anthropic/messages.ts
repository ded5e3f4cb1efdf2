import { type Fields, fieldsOf, isRecord, recordsOf } from '../../util/index.ts';
import { TOOL_USE, toolCallOf } from './content.ts';

/*
 * Translates Anthropic's Messages API into Chat Completions, so that the same code counts both. Only what
 * bears on tokens is translated; what is sent stays as it is. Source:
 * https://platform.claude.com/docs/en/api/messages
 */

/**
 * The rules that the service adds if a request has tools, 346 tokens for the models since Claude 4
 * (https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview#pricing).
 */
const TOOL_RULES = ' tool'.repeat(346);

/** Translates a request into one of Chat Completions that has about as many tokens. */
export function chatRequestOfMessages(body: Fields): Fields {
  const { system, tools, ...rest } = body;
  const allTools = recordsOf(tools);
  const ownTools = allTools.filter(({ type }) => type === undefined || type === 'custom');
  return {
    model: body['model'],
    max_tokens: body['max_tokens'],
    ...(body['stream'] === true ? { stream: true } : {}),
    ...settingsOf(body),
    messages: [
      ...(system === undefined ? [] : [{ role: 'system', content: contentOf(system) }]),
      ...(ownTools.length === 0 ? [] : [{ role: 'system', content: JSON.stringify(ownTools) + TOOL_RULES }]),
      ...recordsOf(rest['messages']).map(({ role, content }) => ({ role, content: contentOf(content) })),
    ],
    // Tools of the service add input of their own.
    ...(ownTools.length === allTools.length
      ? {}
      : { tools: allTools.filter((tool) => !ownTools.includes(tool)) }),
  };
}

/** The settings that spans report. */
function settingsOf(body: Fields): Fields {
  const { temperature, top_p, top_k, output_config, stop_sequences: stop } = body;
  const settings = { temperature, top_p, top_k, output_config, stop };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** The smallest thinking budget that Anthropic's API accepts, tokens. */
const MIN_THINKING_BUDGET = 1_024;

/**
 * The caller's body, unchanged except for a lowered cap, and for a thinking budget that would no longer be
 * below the cap.
 * @param clampedTo the lowered output cap, tokens; undefined if the call keeps its own
 */
export function outgoingMessagesBody(body: Fields, clampedTo: number | undefined): Fields {
  if (clampedTo === undefined) return body;
  const thinking = fieldsOf(body['thinking']);
  const lowersThinking = Number(thinking['budget_tokens']) >= clampedTo && clampedTo > MIN_THINKING_BUDGET;
  return {
    ...body,
    max_tokens: clampedTo,
    ...(lowersThinking ? { thinking: { ...thinking, budget_tokens: clampedTo - 1 } } : {}),
  };
}

function contentOf(content: unknown): unknown {
  return typeof content === 'string' ? content : recordsOf(content).flatMap(partsOf);
}

function partsOf(block: Fields): unknown[] {
  switch (block['type']) {
    case 'text':
      return [text(block['text'])];
    case 'thinking':
      return [text(block['thinking']), text(block['signature'])];
    case 'redacted_thinking':
      return [text(block['data'])];
    case 'tool_use':
      return [text(block['name']), text(JSON.stringify(block['input'] ?? {}))];
    case 'tool_result': {
      const content = contentOf(block['content']);
      return [text(block['tool_use_id']), ...(Array.isArray(content) ? content : [text(content)])];
    }
    case 'image':
      return [{ type: 'image_url', image_url: { url: dataUrl(fieldsOf(block['source'])) } }];
    case 'document':
      return [text(block['title']), text(block['context']), ...documentOf(fieldsOf(block['source']))];
    default:
      return [block];
  }
}

function documentOf(source: Fields): unknown[] {
  if (source['type'] === 'text') return [text(source['data'])];
  if (source['type'] === 'content') return [contentOf(source['content'])].flat();
  return [{ type: 'file', file: source['type'] === 'base64' ? { file_data: dataUrl(source) } : {} }];
}

function dataUrl(source: Fields): string {
  if (source['type'] !== 'base64') return typeof source['url'] === 'string' ? source['url'] : '';
  return `data:${String(source['media_type'])};base64,${String(source['data'])}`;
}

const TOOL_USES: ReadonlySet<unknown> = new Set(TOOL_USE);

/** Translates a response into one of Chat Completions. */
export function chatResponseOfMessages(response: unknown): unknown {
  if (!isRecord(response)) return response;
  const blocks = recordsOf(response['content']);
  const textOf = (field: string): string =>
    blocks
      .map((block) => block[field])
      .filter((one) => typeof one === 'string')
      .join('');
  const thinking = textOf('thinking');
  const calls = blocks.filter(({ type }) => TOOL_USES.has(type));
  return {
    id: response['id'],
    model: response['model'],
    usage: chatUsageOf(response['usage']),
    choices: [
      {
        finish_reason: response['stop_reason'],
        message: {
          role: 'assistant',
          content: textOf('text'),
          ...(thinking === '' ? {} : { reasoning_content: thinking }),
          tool_calls: calls.map(toolCallOf),
        },
      },
    ],
    ...serviceTier(response['usage']),
  };
}

/**
 * Translates a usage into OpenAI's terms, where tokens read from the cache and written to it are part of the
 * input. A value that is not a count is passed on unchanged, for the reader of usage to reject.
 */
export function chatUsageOf(usage: unknown): unknown {
  if (!isRecord(usage)) return undefined;
  const read = usage['cache_read_input_tokens'] ?? 0;
  const written = usage['cache_creation_input_tokens'] ?? 0;
  const parts = [usage['input_tokens'], read, written];
  const invalid = parts.find((part) => typeof part !== 'number' || part < 0);
  return {
    input_tokens: parts.every((part) => typeof part === 'number' && part >= 0) ? sum(parts) : invalid,
    input_tokens_details: { cached_tokens: read, cache_write_tokens: written },
    output_tokens: usage['output_tokens'],
  };
}

/** Translates the events of one stream into chunks of Chat Completions. */
export class ChatChunkTranslator {
  #usage: Fields = {};

  /** Translates an event into a chunk; undefined if it does not bear on tokens. */
  readonly translate = (event: unknown): unknown => {
    if (!isRecord(event)) return undefined;
    switch (event['type']) {
      case 'message_start': {
        const message = fieldsOf(event['message']);
        this.#usage = fieldsOf(message['usage']);
        // The output tokens that it reports are those of the first token only.
        return { id: message['id'], model: message['model'], choices: [], ...serviceTier(message['usage']) };
      }
      case 'content_block_start': {
        const block = fieldsOf(event['content_block']);
        if (!TOOL_USES.has(block['type'])) return delta(block['name'] ?? block['text']);
        // Its input follows in pieces.
        return callDelta(event['index'], toolCallOf(block), { name: block['name'], arguments: '' });
      }
      case 'content_block_delta': {
        const content = fieldsOf(event['delta']);
        if (content['thinking'] !== undefined)
          return { choices: [{ delta: { reasoning_content: content['thinking'] } }] };
        if (content['partial_json'] !== undefined)
          return callDelta(event['index'], {}, { arguments: content['partial_json'] });
        return delta(content['text']);
      }
      case 'message_delta': {
        this.#usage = { ...this.#usage, ...withoutNulls(fieldsOf(event['usage'])) };
        const reason = fieldsOf(event['delta'])['stop_reason'];
        return { usage: chatUsageOf(this.#usage), choices: [{ finish_reason: reason, delta: {} }] };
      }
      case 'error':
        return event;
      default:
        return undefined;
    }
  };
}

function delta(content: unknown): unknown {
  return { choices: [{ delta: { content } }] };
}

/** @param index of the block, by which its pieces are found */
function callDelta(index: unknown, call: Fields, pieces: Fields): unknown {
  return { choices: [{ delta: { tool_calls: [{ ...call, index, function: pieces }] } }] };
}

/** `batch` and `priority` are tiers of Anthropic too; `standard` has no price of its own. */
function serviceTier(usage: unknown): { service_tier?: unknown } {
  const tier = fieldsOf(usage)['service_tier'];
  return tier === 'batch' ? { service_tier: tier } : {};
}

function withoutNulls(value: Fields): Fields {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null && one !== undefined));
}

function sum(values: readonly unknown[]): number {
  return values.reduce<number>((total, value) => total + Number(value), 0);
}

function text(value: unknown): unknown {
  return { type: 'text', text: typeof value === 'string' ? value : '' };
}
