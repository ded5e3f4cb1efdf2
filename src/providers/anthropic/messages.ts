import { type Fields, fieldsOf, isRecord, recordsOf } from '../../util/index.ts';

/**
 * Anthropic's Messages API in the terms of Chat Completions, so that both are counted by the same code. Only what tells of tokens
 * is translated; what is sent stays as it is. Source: https://platform.claude.com/docs/en/api/messages
 */

/**
 * Rules that the service adds where tools are given, 346 tokens for the models since Claude 4
 * (https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview#pricing).
 */
const TOOL_RULES = ' tool'.repeat(346);

/** A request, as one of Chat Completions that has about as many tokens. */
export function chatRequestOfMessages(body: Fields): Fields {
  const { system, tools, ...rest } = body;
  const given = recordsOf(tools);
  const own = given.filter(({ type }) => type === undefined || type === 'custom');
  return {
    model: body['model'],
    max_tokens: body['max_tokens'],
    ...(body['stream'] === true ? { stream: true } : {}),
    messages: [
      ...(system === undefined ? [] : [{ role: 'system', content: contentOf(system) }]),
      ...(own.length === 0 ? [] : [{ role: 'system', content: JSON.stringify(own) + TOOL_RULES }]),
      ...recordsOf(rest['messages']).map(({ role, content }) => ({ role, content: contentOf(content) })),
    ],
    // Tools of the service bring input of their own.
    ...(own.length === given.length ? {} : { tools: given.filter((tool) => !own.includes(tool)) }),
  };
}

/** The least that Anthropic's API takes as a budget for thinking, tokens. */
const LEAST_THINKING = 1_024;

/**
 * The request to send: the caller's, but for a cap that admission lowered, and a budget for thinking that would no longer be below it.
 * @param clampedTo the cap that admission lowered the call to, tokens; undefined where it did not
 */
export function outgoingMessagesBody(body: Fields, clampedTo: number | undefined): Fields {
  if (clampedTo === undefined) return body;
  const thinking = fieldsOf(body['thinking']);
  const lower = Number(thinking['budget_tokens']) >= clampedTo && clampedTo > LEAST_THINKING;
  return {
    ...body,
    max_tokens: clampedTo,
    ...(lower ? { thinking: { ...thinking, budget_tokens: clampedTo - 1 } } : {}),
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

/** An answer, as one of Chat Completions. */
export function chatResponseOfMessages(answer: unknown): unknown {
  if (!isRecord(answer)) return answer;
  const blocks = recordsOf(answer['content']);
  const said = blocks
    .map((block) => block['text'] ?? block['thinking'])
    .filter((one) => typeof one === 'string');
  const calls = blocks.filter(({ type }) => type === 'tool_use');
  return {
    id: answer['id'],
    model: answer['model'],
    usage: chatUsageOf(answer['usage']),
    choices: [
      {
        finish_reason: answer['stop_reason'],
        message: {
          role: 'assistant',
          content: said.join(''),
          tool_calls: calls.map(({ id, name, input }) => ({
            id,
            function: { name, arguments: JSON.stringify(input) },
          })),
        },
      },
    ],
    ...serviceTier(answer['usage']),
  };
}

/**
 * Usage in OpenAI's terms: there, what is read from the cache and written to it is a part of the input. What is no number is given on as
 * it is, for the reader to find.
 */
export function chatUsageOf(usage: unknown): unknown {
  if (!isRecord(usage)) return undefined;
  const read = usage['cache_read_input_tokens'] ?? 0;
  const written = usage['cache_creation_input_tokens'] ?? 0;
  const parts = [usage['input_tokens'], read, written];
  const wrong = parts.find((part) => typeof part !== 'number' || part < 0);
  return {
    input_tokens: parts.every((part) => typeof part === 'number' && part >= 0) ? sum(parts) : wrong,
    input_tokens_details: { cached_tokens: read, cache_write_tokens: written },
    output_tokens: usage['output_tokens'],
  };
}

/** Translates the events of one stream into chunks of Chat Completions. */
export class ChatChunkTranslator {
  #usage: Fields = {};

  /** The chunk that an event is; undefined where it says nothing of tokens. */
  readonly translate = (event: unknown): unknown => {
    if (!isRecord(event)) return undefined;
    switch (event['type']) {
      case 'message_start': {
        const message = fieldsOf(event['message']);
        this.#usage = fieldsOf(message['usage']);
        // What it says of the output is of its first token alone.
        return { id: message['id'], model: message['model'], choices: [], ...serviceTier(message['usage']) };
      }
      case 'content_block_start': {
        const block = fieldsOf(event['content_block']);
        return delta(block['name'] ?? block['text']);
      }
      case 'content_block_delta': {
        const given = fieldsOf(event['delta']);
        return delta(given['text'] ?? given['thinking'] ?? given['partial_json']);
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

/** `batch` and `priority` are tiers of Anthropic too, and `standard` has no price of its own. */
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
