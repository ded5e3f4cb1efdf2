import { readUsage } from '../../usage/index.ts';
import { isRecord, recordsOf } from '../../util/index.ts';
import type { Endpoint, ParsedResponse } from '../contract/index.ts';
import { parseHostedTools } from './hosted-tools.ts';

/** What work says of itself while it goes on: responses, batches, runs, videos. */
const UNFINISHED: ReadonlySet<unknown> = new Set([
  'queued',
  'in_progress',
  'requires_action',
  'cancelling',
  'validating',
  'finalizing',
]);

/** Whether an object of the API tells of work that is not at its end. */
export function isUnfinished(value: Readonly<Record<string, unknown>>): boolean {
  return UNFINISHED.has(value['status']);
}

/** Reads an answer, or an object like one from a stream. Never throws; what is malformed is left out. */
export function parseResponse(value: unknown, endpoint: Endpoint): ParsedResponse {
  const answer = isRecord(value) ? value : {};
  const tools = parseHostedTools(answer);
  const read: Omit<ParsedResponse, TextField | 'tools'> & {
    -readonly [P in TextField | 'tools']?: ParsedResponse[P];
  } = {
    usage: readUsage(answer['usage'], { outputExpected: endpoint.hasOutput }),
    finishReasons: finishReasons(answer),
    unfinished: isUnfinished(answer),
  };
  if (tools !== undefined) read.tools = tools;
  for (const [from, to] of TEXT_FIELDS) {
    const value = answer[from];
    if (typeof value === 'string' && value !== '') read[to] = value;
  }
  return read;
}

type TextField = 'id' | 'model' | 'serviceTier' | 'systemFingerprint';

const TEXT_FIELDS: readonly (readonly [from: string, to: TextField])[] = [
  ['id', 'id'],
  ['model', 'model'],
  ['service_tier', 'serviceTier'],
  ['system_fingerprint', 'systemFingerprint'],
];

/** Chat and Completions give a reason per choice; Responses a status and, where it is incomplete, why. */
function finishReasons(answer: Record<string, unknown>): string[] {
  if (Array.isArray(answer['choices'])) {
    const reasons: string[] = [];
    for (const choice of answer['choices']) {
      if (isRecord(choice) && typeof choice['finish_reason'] === 'string')
        reasons.push(choice['finish_reason']);
    }
    return reasons;
  }
  const details = answer['incomplete_details'];
  if (isRecord(details) && typeof details['reason'] === 'string') return [details['reason']];
  return answer['status'] === 'completed' ? ['stop'] : [];
}

/** The texts of a complete answer that were generated, to be counted where its usage cannot be believed. */
export function responseTexts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  const texts: string[] = [];
  const answer = isRecord(value) ? value : {};
  for (const choice of recordsOf(answer['choices'])) {
    push(texts, choice['text']);
    collectMessage(texts, choice['message']);
  }
  for (const item of recordsOf(answer['output'])) collectItem(texts, item);
  return texts;
}

function collectMessage(texts: string[], message: unknown): void {
  if (!isRecord(message)) return;
  push(texts, message['content']);
  push(texts, message['refusal']);
  push(texts, message['reasoning_content']);
  for (const call of recordsOf(message['tool_calls'])) {
    for (const part of [call['function'], call['custom']]) {
      if (isRecord(part)) for (const key of ['name', 'arguments', 'input']) push(texts, part[key]);
    }
  }
  if (isRecord(message['function_call'])) {
    push(texts, message['function_call']['name']);
    push(texts, message['function_call']['arguments']);
  }
}

function collectItem(texts: string[], item: Record<string, unknown>): void {
  for (const key of ['name', 'arguments', 'input', 'code']) push(texts, item[key]);
  for (const part of [...recordsOf(item['content']), ...recordsOf(item['summary'])]) {
    push(texts, part['text']);
    push(texts, part['refusal']);
  }
}

function push(texts: string[], value: unknown): void {
  if (typeof value === 'string' && value !== '') texts.push(value);
}
