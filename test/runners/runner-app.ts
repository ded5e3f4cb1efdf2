import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { delimiter, join } from 'node:path';
import { listen } from '../support/http.ts';
import { type FlatSpan, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { REPO_ROOT, WORKSPACES } from '../support/paths.ts';
import { type NodeResult, runNode } from '../support/run-node.ts';

/** What the app prints whose calls are counted, in the two budgets of one process. */
export const METERED = 'answered refused answered refused';

/** Makes two calls in a budget of its own of one call, and two outside of it, where one call of two is left. */
export const CALLS = `
import OpenAI from 'openai';
import { BudgetExceededError, defineBudget, MemoryStore, TokenBudgetTracker, withBudget } from 'otel-token-budget';

async function call(client: OpenAI): Promise<string> {
  try {
    await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hm?' }] });
    return 'answered';
  } catch (error) {
    return error instanceof BudgetExceededError ? 'refused' : String(error);
  }
}

export async function calls(): Promise<string> {
  const client = new OpenAI({ apiKey: 'none', maxRetries: 0 });
  const budget = defineBudget({ name: 'job', limits: { calls: 1 } });
  const tracker = new TokenBudgetTracker(budget, { store: new MemoryStore() });
  const results: string[] = [];
  await withBudget(tracker, async () => results.push(await call(client), await call(client)));
  results.push(await call(client), await call(client));
  return results.join(' ');
}
`;

/** A program of one file. */
export const APP = `${CALLS}\nvoid calls().then((line) => console.log(line));\n`;

export interface RunnerApp {
  readonly type: 'module' | 'commonjs';
  readonly files: Readonly<Record<string, string>>;
  /** Arguments of Node. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: string;
  /** Changes what is installed in the directory. */
  readonly setUp?: (directory: string) => void;
}

export interface RunnerResult extends NodeResult {
  readonly spans: readonly FlatSpan[];
  /** The requests that the server answered. */
  readonly requests: number;
}

/** The program of a package of the workspace, to be run with Node. */
export function binOf(name: string, file: string): string {
  return join(REPO_ROOT, 'node_modules', name, file);
}

/** Runs an app beside whose `node_modules` this package is installed as a registry would: copied, not linked. */
export async function runApp({ type, files, args, env, node, setUp }: RunnerApp): Promise<RunnerResult> {
  const cache = join(WORKSPACES.runners, '.cache');
  mkdirSync(cache, { recursive: true });
  const path = mkdtempSync(join(cache, 'app-'));
  const own = join(path, 'node_modules', 'otel-token-budget');
  cpSync(join(REPO_ROOT, 'dist'), join(own, 'dist'), { recursive: true });
  cpSync(join(REPO_ROOT, 'package.json'), join(own, 'package.json'));
  const write = (name: string, content: string): void => writeFileSync(join(path, name), content);
  write('package.json', JSON.stringify({ name: 'app', type, scripts: { app: 'tsx app.ts' } }));
  write('tsconfig.json', TSCONFIG);
  for (const [name, content] of Object.entries(files)) write(name, content);
  setUp?.(path);
  const otlp = await startOtlpReceiver();
  let requests = 0;
  const server = await listen(
    createServer((_, response) => {
      requests += 1;
      response.setHeader('content-type', 'application/json').end(ANSWER);
    }),
  );
  try {
    const bin = join(REPO_ROOT, 'node_modules', '.bin');
    const result = await runNode({
      args,
      cwd: path,
      ...(node === undefined ? {} : { node }),
      env: {
        ...otlp.env,
        PATH: `${bin}${delimiter}${process.env['PATH']}`,
        OPENAI_BASE_URL: `${server.url}/v1`,
        TOKEN_BUDGET_CALLS: '2',
        ...env,
      },
    });
    const spans = otlp.spans().filter(({ scope }) => scope === 'otel-token-budget');
    return { ...result, spans, requests };
  } finally {
    await Promise.all([otlp.close(), server.close()]);
    rmSync(path, { recursive: true, force: true });
  }
}

const ANSWER = JSON.stringify({
  id: 'chatcmpl-1',
  model: 'gpt-4o-mini',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hm.' } }],
  usage: { prompt_tokens: 10, completion_tokens: 2 },
});

const TSCONFIG = JSON.stringify({
  compilerOptions: { module: 'nodenext', target: 'es2022', strict: true, skipLibCheck: true },
});
