import { messagesExchanges, ownExchanges } from '../exchanges/index.ts';
import { makeAppDir, makeWorkspaceDir } from './app-dir.ts';
import type { Exchange } from './exchange.ts';
import { type FlatSpan, type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts';
import type { OpenaiVersion, Workspace } from './paths.ts';
import { type ReplayOptions, type ReplayServer, startReplayServer } from './replay-server.ts';
import { type NodeResult, packagePath, registerPath, runNode } from './run-node.ts';

export interface ScriptRun {
  /** The ES module to run; `client`, `replay(id, behaviour)` and `print(value)` are there. */
  readonly script: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The settings file. */
  readonly config?: object;
  readonly exchanges?: readonly Exchange[];
  readonly choose?: ReplayOptions['choose'];
  readonly openai?: OpenaiVersion;
  /** Runs it where this workspace of test/matrix is installed. */
  readonly workspace?: Workspace;
  /** Leaves the import of openai, and `client`, to the script. */
  readonly openaiLate?: boolean;
  /** Further files beside the script. */
  readonly files?: Readonly<Record<string, string>>;
  /** Arguments before the script; the preload by `--require` where absent. */
  readonly args?: readonly string[];
  /** The Node to run; default: the package's own. */
  readonly node?: string;
}

export interface ScriptResult extends NodeResult {
  /** What the script printed. */
  readonly printed: unknown[];
  readonly spans: readonly FlatSpan[];
  readonly otlp: OtlpReceiver;
  readonly server: ReplayServer;
}

const CLIENT = `
import * as openai from 'openai';
const { default: OpenAI, AzureOpenAI } = openai;
const client = new OpenAI({ apiKey: 'sk-secret-key', baseURL: process.env.REPLAY_URL + '/v1', maxRetries: 0 });
`;

const PRELUDE = `
const url = process.env.REPLAY_URL;
const replay = (id, behaviour) => ({
  headers: { 'x-replay-id': id, ...(behaviour ? { 'x-replay-behaviour': JSON.stringify(behaviour) } : {}) },
});
const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'The tides at Brest today, in one line.' }] };
const budget = () => globalThis[Symbol.for('otel-token-budget.preloaded')]?.tracker;
const print = (value) => console.log(JSON.stringify(value));
const failure = (error) => ({ name: error.name, code: error.code, status: error.status, message: error.message });
`;

/** Runs a small application under the preload against a replay server and an OTLP receiver. */
export async function runScript(run: ScriptRun): Promise<ScriptResult> {
  const app =
    run.workspace === undefined ? makeAppDir(run.openai) : makeWorkspaceDir(run.workspace, run.openai);
  const otlp = await startOtlpReceiver();
  const server = await startReplayServer({
    exchanges: run.exchanges ?? [...ownExchanges, ...messagesExchanges],
    ...(run.choose === undefined ? {} : { choose: run.choose }),
  });
  try {
    for (const [name, content] of Object.entries(run.files ?? {})) app.write(name, content);
    app.write('script.mjs', `${run.openaiLate === true ? '' : CLIENT}${PRELUDE}\n${run.script}`);
    const config =
      run.config === undefined
        ? {}
        : { TOKEN_BUDGET_CONFIG: app.write('budget.json', JSON.stringify(run.config)) };
    const result = await runNode({
      ...(run.node === undefined ? {} : { node: run.node }),
      args: [...(run.args ?? ['--require', registerPath]), 'script.mjs'],
      cwd: app.path,
      env: { ...otlp.env, REPLAY_URL: server.url, PACKAGE: packagePath, ...config, ...run.env },
    });
    const printed = result.stdout
      .split('\n')
      .filter((line) => /^[{["\d]|^(true|false|null)$/.test(line))
      .map((line): unknown => JSON.parse(line));
    const spans = otlp.spans().filter(({ scope }) => scope === 'otel-token-budget');
    return { ...result, printed, spans, otlp, server };
  } finally {
    await Promise.all([otlp.close(), server.close()]);
    app.remove();
  }
}
