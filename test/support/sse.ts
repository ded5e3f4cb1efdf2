import { type JsonObject, parseObject } from './json.ts';

const DONE = 'data: [DONE]\n\n';

/** Chat and completions streams: unnamed events, closed by `[DONE]`. */
export function chatEvents(chunks: readonly JsonObject[]): string {
  return chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('') + DONE;
}

/** Streams of the Responses API: events named after their `type`, numbered, no `[DONE]`. */
export function namedEvents(events: readonly JsonObject[]): string {
  return events
    .map((event, index) => {
      const data = JSON.stringify({ ...event, sequence_number: index });
      return `event: ${String(event['type'])}\ndata: ${data}\n\n`;
    })
    .join('');
}

/** The JSON objects of an event stream, in order. */
export function eventsOf(text: string): JsonObject[] {
  const events: JsonObject[] = [];
  for (const line of text.split('\n')) {
    const event = line.startsWith('data:') ? parseObject(line.slice(5)) : undefined;
    if (event !== undefined) events.push(event);
  }
  return events;
}

/**
 * The chat stream as the service sends it to a request with `include_usage`: every chunk carries
 * `usage: null`, and a chunk without choices carries the usage before `[DONE]`.
 */
export function withUsageChunk(text: string, usageChunk: JsonObject): string {
  const chunks = eventsOf(text).map((chunk) => ({ ...chunk, usage: null }));
  return chatEvents([...chunks, usageChunk]);
}
