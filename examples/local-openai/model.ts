import { isObject, type JsonObject, objectsOf } from './json.ts';

/** What the model says: a text, or one call of a tool. */
export type Reply = { readonly text: string } | { readonly tool: string; readonly args: string };

/**
 * The model: a script for the questions of the demo, the same for the same request. It searches, adds up
 * what it found, states it, and writes at length when it has no tools.
 */
export function replyToChat(request: JsonObject): Reply {
  const messages = objectsOf(request['messages']);
  const question = lastText(messages, 'user', /How many/);
  const results = resultsSince(messages, question);
  const [coast, measure] = subject(question);
  if (objectsOf(request['tools']).length === 0) return { text: essay(coast, measure, results) };
  if (results.length === 0)
    return { tool: 'search_notes', args: JSON.stringify({ query: `${coast} coast` }) };
  const numbers = numbersOf(results[0] ?? '', measure);
  if (results.length === 1) return { tool: 'add_numbers', args: JSON.stringify({ numbers }) };
  return {
    text: `The ${coast} coast has ${numbers.length} lighthouses in the archive, with ${numbers.join(', ')} ${measure}: ${results[1]} together.`,
  };
}

/** The summary that the Responses API gives: how the text begins, and how long it was. */
export function replyToResponse(request: JsonObject): Reply {
  const input = typeof request['input'] === 'string' ? request['input'] : JSON.stringify(request['input']);
  const sentences = input.split(/(?<=\.)\s+/);
  return { text: `In short: ${sentences[0]} The visitor is told of it in ${sentences.length} sentences.` };
}

function subject(question: string): [coast: string, measure: string] {
  const coast = /(north|south|east) coast/.exec(question)?.[1] ?? 'north';
  return [coast, /steps|metres|keepers/.exec(question)?.[0] ?? 'steps'];
}

function essay(coast: string, measure: string, results: readonly string[]): string {
  const found = notesOf(results[0] ?? '[]');
  const sum = results[1] ?? 'an unknown number of';
  const parts = found.map(
    (note, index) => `Stop ${index + 1} of the walk is ${note.replace(/\.$/, '')}; allow an hour for it.`,
  );
  return [
    `On the ${coast} coast a visitor counts ${sum} ${measure} over ${found.length} lighthouses.`,
    ...parts,
    'The path between them is marked in white, closes at dusk and is slippery after rain.',
  ].join(' ');
}

function numbersOf(result: string, measure: string): number[] {
  const pattern = new RegExp(`(\\d+) ${measure.replace(/s$/, '')}`);
  return notesOf(result).map((note) => Number(pattern.exec(note)?.[1] ?? 0));
}

function notesOf(result: string): string[] {
  try {
    const value: unknown = JSON.parse(result);
    return Array.isArray(value) ? value.map(String) : [];
  } catch {
    return [];
  }
}

function lastText(messages: readonly JsonObject[], role: string, pattern: RegExp): string {
  const found = messages.findLast(
    (message) => message['role'] === role && pattern.test(String(message['content'])),
  );
  return isObject(found) ? String(found['content']) : '';
}

function resultsSince(messages: readonly JsonObject[], question: string): string[] {
  const from = messages.findLastIndex((message) => message['content'] === question);
  return messages
    .slice(from + 1)
    .filter((message) => message['role'] === 'tool')
    .map((message) => String(message['content']));
}
