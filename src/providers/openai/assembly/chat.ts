import { isRecord, recordsOf } from '../../../util/index.ts';
import { positionOf } from './position.ts';

/** A call of a tool, in pieces. */
interface ToolCall {
  id?: unknown;
  type?: unknown;
  name?: unknown;
  readonly pieces: string[];
}

/** One of the answers of a stream, in pieces. */
interface Choice {
  role?: unknown;
  finishReason?: unknown;
  readonly pieces: Map<TextField, string[]>;
  readonly calls: Map<unknown, ToolCall>;
  lastCall?: ToolCall;
}

/** The fields of a delta that are pieces of a text; services name the reasoning in two ways. */
const TEXT_FIELDS = ['content', 'refusal', 'reasoning_content', 'reasoning'] as const;
type TextField = (typeof TEXT_FIELDS)[number] | 'text' | 'transcript';

/** Puts the chunks of Chat and Completions together, each choice by itself. */
export class ChatAssembly {
  readonly #choices = new Map<number, Choice>();

  /** Reads a chunk. */
  read(chunk: Readonly<Record<string, unknown>>): void {
    for (const one of recordsOf(chunk['choices'])) {
      const choice = this.#choiceAt(positionOf(one['index']));
      if (typeof one['finish_reason'] === 'string') choice.finishReason = one['finish_reason'];
      push(choice, 'text', one['text']);
      if (isRecord(one['delta'])) readDelta(choice, one['delta']);
    }
  }

  /** The choices in the order of their index, as Chat and Completions have them without a stream. */
  choices(): Record<string, unknown>[] {
    return [...this.#choices]
      .sort(([one], [other]) => one - other)
      .map(([index, choice]) => choiceOf(index, choice));
  }

  #choiceAt(index: number): Choice {
    const known = this.#choices.get(index);
    if (known !== undefined) return known;
    const choice: Choice = { pieces: new Map(), calls: new Map() };
    this.#choices.set(index, choice);
    return choice;
  }
}

function readDelta(choice: Choice, delta: Record<string, unknown>): void {
  if (typeof delta['role'] === 'string') choice.role = delta['role'];
  for (const field of TEXT_FIELDS) push(choice, field, delta[field]);
  if (isRecord(delta['audio'])) push(choice, 'transcript', delta['audio']['transcript']);
  if (isRecord(delta['function_call']))
    readCall(choice, { function: delta['function_call'] }, 'function_call');
  for (const call of recordsOf(delta['tool_calls'])) readCall(choice, call, call['index'] ?? call['id']);
}

/** @param key of the call; undefined for a piece of the last one */
function readCall(choice: Choice, piece: Record<string, unknown>, key: unknown): void {
  let call = key === undefined ? choice.lastCall : choice.calls.get(key);
  if (call === undefined) {
    call = { pieces: [] };
    choice.calls.set(key, call);
  }
  choice.lastCall = call;
  call.id ??= piece['id'];
  call.type ??= piece['type'];
  const part = piece['function'] ?? piece['custom'];
  if (!isRecord(part)) return;
  call.name ??= part['name'];
  const text = part['arguments'] ?? part['input'];
  if (typeof text === 'string') call.pieces.push(text);
}

function push({ pieces }: Choice, field: TextField, text: unknown): void {
  if (typeof text !== 'string' || text === '') return;
  const list = pieces.get(field);
  if (list === undefined) pieces.set(field, [text]);
  else list.push(text);
}

function choiceOf(index: number, { role, finishReason, pieces, calls }: Choice): Record<string, unknown> {
  const texts = Object.fromEntries([...pieces].map(([field, list]) => [field, list.join('')]));
  const { text, transcript, ...fields } = texts;
  const message: Record<string, unknown> = { role: role ?? 'assistant', ...fields };
  if (text !== undefined) message['content'] ??= text;
  if (transcript !== undefined) message['audio'] = { transcript };
  if (calls.size > 0)
    message['tool_calls'] = [...calls.values()].map(({ id, type, name, pieces: parts }) => ({
      id,
      type,
      function: { name, arguments: parts.join('') },
    }));
  return { index, message, finish_reason: finishReason };
}
