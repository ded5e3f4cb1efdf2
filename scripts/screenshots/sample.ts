import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startLocalOpenai } from '../../examples/local-openai/server.ts';
import { startOtlpFile } from './otlp-file.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Agents that are run one after the other, with some overlap. */
const AGENTS = [
  { name: 'research', model: 'gpt-5.2', limits: { costUsd: 0.02, tokens: 12_000 }, afterMs: 0 },
  { name: 'triage', model: 'gpt-4o-mini', limits: { calls: 20 }, afterMs: 2_500 },
  { name: 'support', model: 'gpt-5-mini', limits: { costUsd: 0.012 }, afterMs: 5_000 },
  { name: 'translation', model: 'gpt-4.1', limits: { costUsd: 0.06 }, afterMs: 7_500 },
  { name: 'review', model: 'gpt-5.2', limits: { costUsd: 0.05 }, afterMs: 11_000 },
] as const;

const TEAM = { name: 'team', limits: { costUsd: 0.25 }, window: { per: 'day' } };

export interface Sample {
  /** A file of OTLP JSON lines, of agents that each have a budget of their own. */
  readonly telemetry: string;
  /** The setting of a store, of agents whose budgets are parts of a team's. */
  readonly store: string;
}

/** Runs the example agent several times against a local server, and keeps its telemetry and its ledger in a directory. */
export async function makeSample(directory: string): Promise<Sample> {
  const telemetry = join(directory, 'telemetry.jsonl');
  const store = `sqlite:${join(directory, 'budget.db')}`;
  const openai = await startLocalOpenai();
  const otlp = await startOtlpFile(telemetry);
  try {
    await Promise.all(
      AGENTS.map(async ({ name, model, limits, afterMs }) => {
        const own = join(directory, `${name}.json`);
        const shared = join(directory, `${name}-shared.json`);
        const settings = { name, limits, includeUsage: 'always' };
        writeFileSync(own, JSON.stringify({ ...settings, store: 'memory' }));
        writeFileSync(shared, JSON.stringify({ ...settings, store, parent: TEAM }));
        const env = { DEMO_MODEL: model, OPENAI_BASE_URL: openai.baseURL, OPENAI_API_KEY: 'local' };
        await sleep(afterMs);
        await runAgent({
          ...env,
          TOKEN_BUDGET_CONFIG: own,
          OTEL_SERVICE_NAME: `${name}-agent`,
          OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
          OTEL_METRIC_EXPORT_INTERVAL: '500',
          OTEL_METRIC_EXPORT_TIMEOUT: '400',
        });
        await runAgent({ ...env, TOKEN_BUDGET_CONFIG: shared, OTEL_SDK_DISABLED: 'true' });
      }),
    );
  } finally {
    openai.close();
    otlp.close();
  }
  return { telemetry, store };
}

async function runAgent(env: Readonly<Record<string, string>>): Promise<void> {
  const args = ['dist/cli/main.js', 'run', '--quiet', '--', process.execPath, 'examples/agent.js'];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env },
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`the agent ended with ${code}`);
}
