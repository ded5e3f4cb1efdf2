import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RequestKind } from '../../src/tokens/index.ts';
import { type Fields, fieldsOf, listOf, textOf } from '../../src/util/values.ts';

const FOLDER = fileURLToPath(new URL('../../../shared/recordings', import.meta.url));

/** Whether the recorded exchanges are on this machine; they are not part of the package. */
export const hasRecordings = existsSync(FOLDER);

export const NO_RECORDINGS = 'no recordings on this machine';

/** A recorded exchange with OpenAI that was billed. */
export interface Recording {
  readonly id: string;
  readonly kind: RequestKind;
  readonly streamed: boolean;
  readonly model: string;
  readonly request: Fields;
  /** Billed tokens. */
  readonly input: number;
  readonly output: number;
  readonly reasoning: number;
  readonly answer: Answer;
}

/** An answer's texts as `countOutput` takes them. */
export interface Answer {
  readonly parts: readonly string[];
  readonly calls: number;
  readonly text: boolean;
  /** True where the answer has items other than texts, function calls and reasoning. */
  readonly other: boolean;
}

const KINDS: Readonly<Record<string, RequestKind>> = {
  '/v1/chat/completions': 'chat',
  '/v1/responses': 'responses',
  '/v1/completions': 'completions',
  '/v1/embeddings': 'embeddings',
};

/** All lines of the recordings, as parsed. */
export function rawRecordings(): readonly Fields[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .flatMap((name) => readFileSync(`${FOLDER}/${name}`, 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => fieldsOf(JSON.parse(line)));
}

/** The recordings with a bill that the service made: test suites also hold answers that somebody wrote. */
export function billedRecordings(): readonly Recording[] {
  return rawRecordings().flatMap((raw) => {
    const kind = KINDS[textOf(raw['path'])];
    const request = fieldsOf(raw['request']);
    const events = typeof raw['response'] === 'string' ? eventsOf(raw['response']) : [];
    const responses = events.length > 0 ? events.map((event) => fieldsOf(event['response'] ?? event)) : [];
    const response = responses.findLast((one) => one['usage']) ?? fieldsOf(raw['response']);
    const usage = fieldsOf(response['usage']);
    const input = usage['prompt_tokens'] ?? usage['input_tokens'];
    if (kind === undefined || typeof input !== 'number' || isHandWritten(kind, raw, response, usage))
      return [];
    const output = usage['completion_tokens'] ?? usage['output_tokens'];
    const details = fieldsOf(usage['completion_tokens_details'] ?? usage['output_tokens_details']);
    return {
      id: textOf(raw['id']),
      kind,
      streamed: raw['stream'] === true,
      model: textOf(request['model']),
      request,
      input,
      output: typeof output === 'number' ? output : 0,
      reasoning: typeof details['reasoning_tokens'] === 'number' ? details['reasoning_tokens'] : 0,
      answer: answerOf(kind, response, events),
    };
  });
}

/**
 * Signs of an answer that no service gave: an id of another form, a Responses usage without the details it always has,
 * a model of gpt-4 or gpt-5 without the date that OpenAI always adds.
 */
function isHandWritten(kind: RequestKind, raw: Fields, response: Fields, usage: Fields): boolean {
  if (kind === 'embeddings') return false;
  const id = textOf(response['id']);
  if (!/^(?:chatcmpl-\w{26,}|cmpl-\w{26,}|resp_[0-9a-f]{40,})$/.test(id)) return true;
  if (kind === 'responses' && usage['input_tokens_details'] === undefined) return true;
  return raw['provider'] === 'openai' && /^gpt-(?:4|5(?!\.))(?!.*\d{4})/.test(textOf(response['model']));
}

function eventsOf(stream: string): readonly Fields[] {
  return stream
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => fieldsOf(JSON.parse(line.slice(6))));
}

function answerOf(kind: RequestKind, response: Fields, events: readonly Fields[]): Answer {
  const texts: string[] = [];
  const calls: [string, string][] = [];
  let other = false;
  if (kind === 'responses') {
    for (const item of listOf(response['output']).map(fieldsOf)) {
      if (item['type'] === 'message')
        for (const part of listOf(item['content']).map(fieldsOf))
          texts.push(textOf(part['text'] ?? part['refusal']));
      else if (item['type'] === 'function_call')
        calls.push([textOf(item['name']), textOf(item['arguments'])]);
      else if (item['type'] !== 'reasoning') other = true;
    }
  } else if (events.length > 0) {
    joinDeltas(events, texts, calls);
  } else {
    for (const choice of listOf(response['choices']).map(fieldsOf)) {
      const message = fieldsOf(choice['message']);
      texts.push(textOf(message['content'] ?? message['refusal'] ?? choice['text']));
      for (const call of listOf(message['tool_calls']).map(fieldsOf))
        calls.push([
          textOf(fieldsOf(call['function'])['name']),
          textOf(fieldsOf(call['function'])['arguments']),
        ]);
      other ||= message['audio'] !== undefined || message['function_call'] !== undefined;
    }
  }
  const spoken = texts.filter((text) => text !== '');
  return { parts: [...spoken, ...calls.flat()], calls: calls.length, text: spoken.length > 0, other };
}

/** The deltas of a chat stream, joined by choice and call. */
function joinDeltas(events: readonly Fields[], texts: string[], calls: [string, string][]): void {
  const byCall = new Map<string, [string, string]>();
  let text = '';
  for (const choice of events.flatMap((event) => listOf(event['choices'])).map(fieldsOf)) {
    const delta = fieldsOf(choice['delta']);
    text += textOf(delta['content'] ?? choice['text']);
    for (const call of listOf(delta['tool_calls']).map(fieldsOf)) {
      const key = `${choice['index']}/${call['index']}`;
      const [name, input] = byCall.get(key) ?? ['', ''];
      const made = fieldsOf(call['function']);
      byCall.set(key, [name + textOf(made['name']), input + textOf(made['arguments'])]);
    }
  }
  texts.push(text);
  calls.push(...byCall.values());
}

/** What a request is made of, for a table: the rarest feature names it. */
export function categoryOf({ kind, request }: Recording): string {
  if (kind === 'completions' || kind === 'embeddings') return kind;
  const api = kind === 'chat' ? 'Chat' : 'Responses';
  const json = JSON.stringify(request['messages'] ?? request['input'] ?? '');
  if (/"type":"(?:image_url|input_image)"/.test(json)) return `${api}: images`;
  if (/"type":"(?:input_audio|file|input_file)"/.test(json)) return `${api}: audio and files`;
  const format = fieldsOf(request['response_format'] ?? fieldsOf(request['text'])['format']);
  if (format['type'] === 'json_schema') return `${api}: structured output`;
  if (/"type":"reasoning"/.test(json)) return `${api}: reasoning of earlier turns`;
  if (/"tool_calls":|"type":"function_call"/.test(json)) return `${api}: tool calls and results`;
  const tools = [...listOf(request['tools']), ...listOf(request['functions'])];
  return tools.length > 0 ? `${api}: tools` : `${api}: plain text`;
}
