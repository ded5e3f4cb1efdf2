import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import OpenAI from 'openai';
import {
  defineBudget,
  type Limits,
  TokenBudgetTracker,
  type TrackerOptions,
} from '../../src/budget/index.ts';
import { instrumentClient } from '../../src/clients/openai-sdk/instrument-client.ts';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import type { Exchange } from '../support/exchange.ts';
import { REPO_ROOT } from '../support/paths.ts';
import { type ReplayServer, replayHeaders, startReplayServer } from '../support/replay-server.ts';

/** The built entry, for child processes. */
export const jobsPath = join(REPO_ROOT, 'dist', 'jobs', 'index.js');
export const commandPath = join(REPO_ROOT, 'dist', 'cli', 'main.js');

/** Creates a directory that is removed after the test. */
export function directoryOf(test: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'otel-token-budget-jobs-'));
  test.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** An exchange of Chat whose response has this text and usage. */
export function chatExchange(
  id: string,
  text: string,
  usage: { input: number; output: number; cached?: number },
): Exchange {
  return {
    id,
    provider: 'openai',
    path: '/v1/chat/completions',
    status: 200,
    contentType: 'application/json',
    stream: false,
    request: {},
    response: {
      id: `chatcmpl-${id}`,
      model: 'gpt-5.2',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: text } }],
      usage: {
        prompt_tokens: usage.input,
        completion_tokens: usage.output,
        prompt_tokens_details: { cached_tokens: usage.cached ?? 0 },
      },
    },
  };
}

/** An exchange of Responses whose response has this text and usage. */
export function responsesExchange(
  id: string,
  text: string,
  usage: { input: number; output: number },
): Exchange {
  return {
    id,
    provider: 'openai',
    path: '/v1/responses',
    status: 200,
    contentType: 'application/json',
    stream: false,
    request: {},
    response: {
      id: `resp-${id}`,
      object: 'response',
      status: 'completed',
      model: 'gpt-5.2',
      output: [
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text, annotations: [] }] },
      ],
      usage: {
        input_tokens: usage.input,
        output_tokens: usage.output,
        total_tokens: usage.input + usage.output,
      },
    },
  };
}

export interface Service {
  readonly server: ReplayServer;
  /** Creates a client; instrumenting one ties it to a budget. */
  readonly client: () => OpenAI;
  readonly instrumented: (tracker: TokenBudgetTracker) => OpenAI;
}

/** Starts a replay server that is closed after the test. */
export async function serviceOf(test: TestContext, exchanges: readonly Exchange[]): Promise<Service> {
  const server = await startReplayServer({ exchanges });
  test.after(() => server.close());
  const client = () => new OpenAI({ apiKey: 'sk-test', baseURL: server.baseURL, maxRetries: 0 });
  return { server, client, instrumented: (tracker) => instrumentClient(client(), { tracker }) };
}

export { replayHeaders };

export function trackerOf(limits: Limits, options: Partial<TrackerOptions> = {}): TokenBudgetTracker {
  return new TokenBudgetTracker(defineBudget({ name: 'job', limits }), {
    store: new MemoryStore(),
    ...options,
  });
}

/** Makes a small chat call. */
export function ask(client: OpenAI, id: string, signal?: AbortSignal): Promise<OpenAI.Chat.ChatCompletion> {
  const body = { model: 'gpt-5.2', max_tokens: 50, messages: [{ role: 'user' as const, content: 'Go on.' }] };
  return client.chat.completions.create(body, {
    headers: replayHeaders(id),
    ...(signal === undefined ? {} : { signal }),
  });
}
