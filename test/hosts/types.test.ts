import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { makeWorkspaceDir } from '../support/app-dir.ts';
import { REPO_ROOT, type Workspace } from '../support/paths.ts';

/** The SDK of each workspace, with the name of the package that has its samplers. */
const SDKS: Readonly<Record<string, readonly [workspace: Workspace, sampler: string]>> = {
  'SDK 1.30': ['otel-sdk-1.30', '@opentelemetry/sdk-trace-base'],
  'SDK 2.0': ['otel-sdk-2.0', '@opentelemetry/sdk-trace-base'],
  'SDK 2.12': ['otel-sdk-2.12', '@opentelemetry/sdk-trace-base'],
  'SDK 3.1': ['frameworks', '@opentelemetry/sdk-trace'],
};

describe('the types of what goes into the SDK of a host', () => {
  for (const [name, [workspace, sampler]] of Object.entries(SDKS)) {
    test(`fit ${name}`, () => {
      const app = makeWorkspaceDir(workspace);
      try {
        app.write(
          'instrumentation.ts',
          `import { NodeSDK } from '@opentelemetry/sdk-node';
import { AlwaysOnSampler } from '${sampler}';
import { OpenAIInstrumentation, PriceBook, startBudget } from 'otel-token-budget';

const budget = startBudget({ limits: { costUsd: 5 } });
const { tracker } = budget;
new NodeSDK({
  spanProcessors: [budget.spanProcessor],
  sampler: budget.sampler(new AlwaysOnSampler()),
  instrumentations: [new OpenAIInstrumentation({ tracker, prices: new PriceBook() })],
}).start();
`,
        );
        const compilerOptions = {
          module: 'nodenext',
          strict: true,
          noEmit: true,
          skipLibCheck: true,
          types: [],
          target: 'es2023',
        };
        app.write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['*.ts'] }));
        const tsc = join(REPO_ROOT, 'node_modules', '.bin', 'tsc');
        const { stdout, status } = spawnSync(tsc, ['-p', app.path, '--pretty', 'false'], {
          encoding: 'utf8',
        });
        assert.equal(`${stdout}${status}`, '0');
      } finally {
        app.remove();
      }
    });
  }
});
