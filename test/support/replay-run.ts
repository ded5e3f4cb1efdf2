import { makeAppDir } from './app-dir.ts';
import type { Exchange } from './exchange.ts';
import { type FlatSpan, type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts';
import type { OpenaiVersion } from './paths.ts';
import { type ReplayOptions, type ReplayServer, startReplayServer } from './replay-server.ts';
import { NODE, type NodeResult, registerPath, runNode } from './run-node.ts';

export interface ReplayRun {
  readonly exchanges: readonly Exchange[];
  readonly openai?: OpenaiVersion;
  readonly kind?: 'mjs' | 'cjs';
  readonly flag?: '--require' | '--import';
  readonly node?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** False: without the preload, to compare. */
  readonly preload?: boolean;
  readonly behaviour?: ReplayOptions['behaviour'];
}

export interface ReplayResult {
  readonly process: NodeResult;
  readonly results: readonly ReplayedCall[];
  /** The ledger as the process saw it at its end. */
  readonly status: { balances: { settled: Spent; reserved: Spent; open: number }; exhausted: boolean };
  /** Our spans, by the id of the exchange in the order of the calls. */
  readonly spans: readonly FlatSpan[];
  readonly otlp: OtlpReceiver;
  readonly server: ReplayServer;
}

interface Spent {
  readonly costNanoUsd: number;
  readonly tokens: number;
  readonly calls: number;
}

export interface ReplayedCall {
  readonly id: string;
  readonly ok?: boolean;
  readonly skipped?: string;
  readonly error?: string;
  readonly status?: number;
  readonly code?: string;
  readonly message?: string;
  readonly chunks?: number;
}

/**
 * Runs the replaying application as a process of its own under the preload, against a replay server and an OTLP
 * receiver, to its end.
 */
export async function replayUnderPreload(run: ReplayRun): Promise<ReplayResult> {
  const app = makeAppDir(run.openai);
  const otlp = await startOtlpReceiver();
  const server = await startReplayServer({
    exchanges: run.exchanges,
    ...(run.behaviour === undefined ? {} : { behaviour: run.behaviour }),
  });
  try {
    const list = run.exchanges.map(({ id, path, stream, request, provider }) => ({
      id,
      path,
      stream,
      request,
      provider,
    }));
    const process = await runNode({
      node: run.node ?? NODE,
      args: [
        ...(run.preload === false ? [] : [run.flag ?? '--require', registerPath]),
        `replay.${run.kind ?? 'mjs'}`,
      ],
      cwd: app.path,
      env: {
        ...otlp.env,
        REPLAY_LIST: app.write('list.json', JSON.stringify(list)),
        REPLAY_URL: server.url,
        TOKEN_BUDGET_MODE: 'observe',
        TOKEN_BUDGET_USD: '1000',
        ...run.env,
      },
    });
    if (!process.stdout.startsWith('{'))
      throw new Error(`the application failed\n${process.stdout}\n${process.stderr}`);
    const { results, status } = JSON.parse(process.stdout) as Pick<ReplayResult, 'results' | 'status'>;
    const spans = otlp.spans().filter(({ scope }) => scope === 'otel-token-budget');
    return { process, results, status, spans, otlp, server };
  } finally {
    await Promise.all([otlp.close(), server.close()]);
    app.remove();
  }
}
