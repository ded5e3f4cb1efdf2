import type { CallPlan } from '../../providers/index.ts';
import type { Attributes } from '../../telemetry/api/index.ts';
import { semconv } from '../../telemetry/names/index.ts';
import { isRecord, oneOrMany, recordsOf } from '../../util/index.ts';

/*
 * Prompts and completions in the JSON of the semantic conventions (gen-ai-input-messages.json,
 * gen-ai-output-messages.json). Only with the standard opt-in,
 * `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`.
 */

/** The attributes of the prompt of a request. */
export function inputContent(plan: CallPlan): Attributes {
  const { body } = plan;
  const attributes: Attributes = {};
  const messages = body['messages'] ?? body['input'] ?? body['prompt'];
  if (messages !== undefined)
    attributes[semconv.ATTR_INPUT_MESSAGES] = json(oneOrMany(messages).map(toMessage));
  if (typeof body['instructions'] === 'string') {
    attributes[semconv.ATTR_SYSTEM_INSTRUCTIONS] = json([text(body['instructions'])]);
  }
  return attributes;
}

/** The attributes of the output of a complete response, or of the texts of a stream. */
export function outputContent(response: unknown, texts: Iterable<string>): Attributes {
  const messages = isRecord(response) ? outputMessages(response) : [];
  if (messages.length === 0) {
    const joined = [...texts].join('');
    if (joined === '') return {};
    messages.push({ role: 'assistant', parts: [text(joined)] });
  }
  return { [semconv.ATTR_OUTPUT_MESSAGES]: json(messages) };
}

interface Message {
  role: string;
  parts: unknown[];
  finish_reason?: unknown;
}

function outputMessages(response: Record<string, unknown>): Message[] {
  if (Array.isArray(response['choices'])) {
    return response['choices'].filter(isRecord).map((choice) => ({
      ...toMessage(choice['message'] ?? { role: 'assistant', content: choice['text'] }),
      finish_reason: choice['finish_reason'],
    }));
  }
  return Array.isArray(response['output']) ? response['output'].map(toMessage) : [];
}

function toMessage(value: unknown): Message {
  if (!isRecord(value)) return { role: 'user', parts: partsOf(value) };
  if (value['type'] === 'function_call_output') {
    return { role: 'tool', parts: [toolResult(value['call_id'], value['output'])] };
  }
  const role = typeof value['role'] === 'string' ? value['role'] : 'assistant';
  const parts =
    role === 'tool' ? [toolResult(value['tool_call_id'], value['content'])] : partsOf(value['content']);
  for (const call of recordsOf(value['tool_calls'])) {
    const invocation = [call['function'], call['custom']].find(isRecord) ?? call;
    parts.push(toolCall(call['id'], invocation['name'], invocation['arguments'] ?? invocation['input']));
  }
  if (value['type'] === 'function_call')
    parts.push(toolCall(value['call_id'], value['name'], value['arguments']));
  return { role, parts };
}

function partsOf(content: unknown): unknown[] {
  if (content === null || content === undefined) return [];
  if (typeof content === 'string') return [text(content)];
  return oneOrMany(content).map((part) => {
    if (typeof part === 'string') return text(part);
    if (isRecord(part) && typeof part['text'] === 'string') return text(part['text']);
    // Of images, audio and files only the type: their bytes do not belong in a span.
    return { type: isRecord(part) && typeof part['type'] === 'string' ? part['type'] : 'unknown' };
  });
}

function text(content: string): unknown {
  return { type: 'text', content };
}

function toolCall(id: unknown, name: unknown, args: unknown): unknown {
  return { type: 'tool_call', id, name, arguments: args };
}

function toolResult(id: unknown, response: unknown): unknown {
  return { type: 'tool_call_response', id, response };
}

function json(value: unknown): string {
  return JSON.stringify(value);
}
