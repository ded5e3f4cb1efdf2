import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { OLDEST_NODES, OPENAI_VERSIONS, REPO_ROOT } from '../support/paths.ts';
import { runNode } from '../support/run-node.ts';
import { command, MAIN, testDirectory } from './run-cli.ts';

interface Finding {
  readonly check: string;
  readonly state: string;
  readonly found: string;
  readonly fix?: string;
}

describe('doctor', { concurrency: 2 }, () => {
  const directory = testDirectory();
  let otlp: OtlpReceiver;
  before(async () => {
    otlp = await startOtlpReceiver();
    mkdirSync(join(directory.path, 'node_modules'));
    symlinkSync(join(REPO_ROOT, 'node_modules', 'openai'), join(directory.path, 'node_modules', 'openai'));
    directory.write('package.json', '{ "type": "module" }');
  });
  after(() => otlp.close());

  const runDoctor = async (args: readonly string[], env: Record<string, string>, cwd = directory.path) => {
    const { code, stdout } = await command(['doctor', '--json', ...args], {
      cwd,
      env: { ...otlp.env, ...env },
    });
    const findings = JSON.parse(stdout) as Finding[];
    const of = (check: string): Finding[] => findings.filter((finding) => finding.check === check);
    return { code, of, states: findings.map(({ check, state }) => `${check}: ${state}`) };
  };

  it('finds no problem in a project without one', async () => {
    const store = `sqlite:${join(directory.path, 'new.db')}`;
    const { code, states, of } = await runDoctor(['--model', 'gpt-4o', '--store', store], {
      TOKEN_BUDGET_USD: '5',
    });
    assert.deepEqual(states, [
      'Node: ok',
      'openai: ok',
      'Modules: ok',
      'Hooks: ok',
      'Hooks: ok',
      'Settings: ok',
      'Store: ok',
      'Telemetry: ok',
      'Price: ok',
    ]);
    assert.equal(code, 0);
    assert.match(of('Modules')[0]?.found ?? '', /ES modules/);
    assert.match(of('Settings')[0]?.found ?? '', /budget "default", strict: \$5\.00/);
    assert.equal(otlp.posts.length > 0, true);
  });

  it('suggests a fix for each problem', async () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      TOKEN_BUDGET_STORE: 'redis://127.0.0.1:9',
      TOKEN_BUDGET_USDS: '5',
    };
    const { code, of, states } = await runDoctor(['--model', 'made-up'], env);
    assert.equal(code, 1);
    assert.deepEqual(states.slice(5), [
      'Settings: warn',
      'Settings: warn',
      'Store: fail',
      'Telemetry: warn',
      'Price: warn',
    ]);
    for (const check of ['Settings', 'Store', 'Telemetry', 'Price']) {
      for (const { fix } of of(check)) assert.ok((fix ?? '').length > 10, check);
    }
    assert.match(of('Telemetry')[0]?.found ?? '', /127\.0\.0\.1:9\/v1\/traces: .*(ECONNREFUSED|bad port)/);
  });

  it('names a wrong setting, a missing SDK and a missing directory', async () => {
    const env = { TOKEN_BUDGET_USD: 'much', OTEL_SDK_DISABLED: 'true' };
    const { code, of } = await runDoctor([], env, '/');
    assert.equal(code, 1);
    assert.match(of('Settings')[0]?.found ?? '', /TOKEN_BUDGET_USD: got "much", expected a number of USD/);
    assert.deepEqual(
      [of('openai')[0]?.state, of('Hooks')[0]?.state, of('Telemetry')[0]?.state],
      ['warn', 'skip', 'skip'],
    );
    const stored = await runDoctor(['--store', 'sqlite:/no/such/place.db'], { TOKEN_BUDGET_USD: '1' }, '/');
    assert.match(stored.of('Store')[0]?.fix ?? '', /create \/no\/such/);
  });

  it('checks the oldest openai on the oldest Node', async () => {
    const { stdout } = await runNode({
      node: OLDEST_NODES['Node 22.12'],
      args: [MAIN, 'doctor'],
      cwd: OPENAI_VERSIONS['4-oldest'],
      env: { OTEL_SDK_DISABLED: 'true', TOKEN_BUDGET_USD: '1' },
    });
    assert.match(stdout, /✓ Node +22\.12\./);
    assert.match(stdout, /✓ openai +4\.19\./);
    assert.match(
      stdout,
      /✓ Hooks +a call from CommonJS was charged\n✓ Hooks +a call from an ES module was charged/,
    );
  });
});
