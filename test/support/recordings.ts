import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Exchange } from './exchange.ts';
import { isObject, type JsonObject } from './json.ts';
import { REPO_ROOT } from './paths.ts';

const DIRECTORY = join(REPO_ROOT, '..', 'shared', 'recordings');

/** Why a test of the recordings is skipped, where they are not beside the repository. */
export const recordingsMissing =
  'the recorded exchanges are not beside the repository (../shared/recordings)';

/** Every recorded exchange, or undefined where the recordings are absent. */
export function loadRecordings(): Exchange[] | undefined {
  if (!existsSync(DIRECTORY)) return undefined;
  const files = readdirSync(DIRECTORY)
    .filter((name) => name.endsWith('.jsonl'))
    .sort();
  return files.flatMap((name) =>
    readFileSync(join(DIRECTORY, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => toExchange(JSON.parse(line), name)),
  );
}

function toExchange(line: unknown, file: string): Exchange {
  if (!isObject(line) || !isObject(line['request'])) throw new Error(`${file}: not an exchange`);
  const stream = line['stream'] === true;
  return {
    id: String(line['id']),
    provider: line['provider'] === 'azure' ? 'azure' : 'openai',
    path: String(line['path']),
    status: Number(line['status']),
    contentType: contentTypeOf(line, stream),
    stream,
    request: line['request'],
    response: inflate(line['response']),
  };
}

function contentTypeOf(line: JsonObject, stream: boolean): string {
  const type = line['contentType'];
  if (typeof type === 'string') return type;
  return stream ? 'text/event-stream' : 'application/json';
}

// Some recorders kept the compressed body, as chunks of hex; the first bytes of gzip give it away.
function inflate(response: unknown): unknown {
  if (!Array.isArray(response) || !String(response[0]).startsWith('1f8b')) return response;
  return JSON.parse(gunzipSync(Buffer.from(response.join(''), 'hex')).toString('utf8'));
}
