import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { billOf } from '../../examples/local-openai/account.ts';
import { type LocalOpenai, startLocalOpenai } from '../../examples/local-openai/server.ts';
import { CHROMIUM, startBrowser } from '../../scripts/screenshots/browser.ts';
import { startOtlpFile } from '../../scripts/screenshots/otlp-file.ts';
import type { OtlpEvent, OtlpPoint } from '../../src/cli/report/otlp-lines.ts';
import type { ReportData, ReportedCall, ReportedLimit } from '../../src/cli/report/report-data.ts';
import { reportEvents } from '../../src/cli/report/reported-events.ts';
import { reportLimits } from '../../src/cli/report/reported-limits.ts';
import { sumSpending } from '../../src/cli/report/spending-series.ts';
import { thinHistory } from '../../src/cli/report/thin-history.ts';
import { NODE, REPO_ROOT } from '../support/paths.ts';
import { command, testDirectory } from './run-cli.ts';

/** A report as `--json` prints it, with times in ISO 8601. */
type ReportJson = Omit<ReportData, 'from' | 'budgets'> & {
  readonly from: string | null;
  readonly budgets: readonly (Omit<ReportedLimit, 'history'> & {
    readonly history: readonly { readonly at: string; readonly left: number }[];
  })[];
};

const directory = testDirectory();
const CHROMIUM_MISSING =
  CHROMIUM === undefined ? 'chromium is not installed: apt-get install chromium' : false;

describe('the report of what an agent did', () => {
  const telemetry = join(directory.path, 'telemetry.jsonl');
  let openai: LocalOpenai;
  let data: ReportJson;
  let page: string;

  before(async () => {
    openai = await startLocalOpenai();
    const otlp = await startOtlpFile(telemetry);
    const config = directory.write(
      'agent.json',
      '{ "name": "research", "limits": { "costUsd": 0.02, "tokens": 90000 }, "includeUsage": "always" }',
    );
    const agent = spawn(NODE, ['--import', join(REPO_ROOT, 'dist', 'register.js'), 'examples/agent.js'], {
      cwd: REPO_ROOT,
      stdio: 'ignore',
      env: {
        OPENAI_BASE_URL: openai.baseURL,
        OPENAI_API_KEY: 'local',
        OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
        OTEL_RESOURCE_ATTRIBUTES: 'team=search',
        TOKEN_BUDGET_CONFIG: config,
      },
    });
    await once(agent, 'exit');
    openai.close();
    otlp.close();
    const [json, html] = await Promise.all([
      command(['report', telemetry, '--json', '--by', 'team']),
      command(['report', 'telemetry.jsonl'], { cwd: directory.path }),
    ]);
    data = JSON.parse(json.stdout);
    assert.deepEqual([html.code, html.stdout, html.stderr], [0, 'token-budget-report.html\n', '']);
    page = readFileSync(join(directory.path, 'token-budget-report.html'), 'utf8');
  });

  it('has the sums of the service that was called', () => {
    const { account } = openai;
    const sum = (of: 'input' | 'cached' | 'output'): number =>
      account.reduce((total, one) => total + one[of], 0);
    const { costUsd, denied, ...counts } = data.totals;
    const tokens = sum('input') + sum('output');
    const used = { input: sum('input'), cached: sum('cached'), output: sum('output') };
    assert.deepEqual(counts, { calls: account.length, tokens, ...used, failed: 0 });
    assert.ok(Math.abs(costUsd - (billOf(account) ?? 0) / 1e9) < 1e-9);
    assert.equal(denied, 1);
  });

  it('has every call in each group, and in time', () => {
    const { costUsd, calls } = data.totals;
    assert.deepEqual(
      data.groups.map(({ by }) => by),
      ['team', 'model', 'step'],
    );
    assert.deepEqual(
      data.groups[0]?.rows.map(({ name }) => name),
      ['search'],
    );
    assert.ok(data.groups[2]?.rows.some(({ name }) => name === 'question 1'));
    for (const { by, rows } of data.groups) {
      assert.equal(
        rows.reduce((sum, row) => sum + row.calls, 0),
        calls,
        by,
      );
    }
    const spent = data.spending.series.flatMap((series) => series.costUsd).reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(spent - costUsd) < 1e-9);
    const [highest, next] = data.calls?.mostExpensive ?? [];
    assert.ok(highest !== undefined && next !== undefined && highest.costUsd >= next.costUsd);
    assert.deepEqual(
      [highest.model, highest.budget, data.calls?.slowest.length],
      ['gpt-5.2', 'research', 10],
    );
  });

  it('has the final state of the budget, and its history', () => {
    const [cost, tokens] = data.budgets;
    assert.deepEqual(
      [cost?.name, cost?.limit, cost?.value, tokens?.limit],
      ['research', 'costUsd', 0.02, 'tokens'],
    );
    assert.ok(cost !== undefined && Math.abs(cost.settled - data.totals.costUsd) < 1e-9);
    assert.equal(tokens?.settled, data.totals.tokens);
    assert.match(`${data.from} ${cost.history[0]?.at}`, /^(\d{4}-\d\d-\d\dT[\d:.]+Z ?){2}$/);
    const left = cost.history.map((point) => point.left);
    assert.deepEqual(
      left,
      left.toSorted((a, b) => b - a),
      'it only falls',
    );
    assert.ok(Math.abs((left[0] ?? 0) - 0.02) < 1e-9);
    const names = data.events.map(({ name }) => name);
    for (const name of ['clamped', 'threshold', 'exhausted', 'denied']) assert.ok(names.includes(name), name);
    assert.ok(!names.includes('call'), 'calls have their own tables');
  });

  it('is one page that needs nothing else', () => {
    assert.deepEqual(page.match(/(?:src|href)\s*=|url\(|@import/g), null);
    assert.match(page, /default-src 'none'/);
    assert.match(page, /Copyright \(c\) .* Leon Sorokin/, "the plotting library's licence goes with it");
    assert.ok(page.length < 130_000, `${page.length}`);
  });

  it('is drawn by a browser, wide and narrow, light and dark, and asks the network for nothing', {
    skip: CHROMIUM_MISSING,
  }, async () => {
    const browser = await startBrowser();
    try {
      const url = pathToFileURL(join(directory.path, 'token-budget-report.html')).href;
      for (const [width, dark] of [
        [1_280, false],
        [380, true],
      ] as const) {
        const seen = await browser.shoot({ url, width, dark });
        assert.deepEqual([seen.errors, seen.requests, seen.pageWidth, seen.plots], [[], [], width, 2]);
      }
      const plain = await browser.shoot({ url, width: 1_280, scripts: false });
      assert.deepEqual([plain.errors, plain.pageWidth], [[], 1_280]);
    } finally {
      browser.close();
    }
  });
});

/** A line as the Collector writes it: integers as texts, names of enumerations where it was told so. */
function spanLine(
  id: string,
  name: string,
  attributes: Record<string, string | number>,
  more: object = {},
): string {
  const list = Object.entries(attributes).map(([key, value]) => ({
    key,
    value:
      typeof value === 'string'
        ? { stringValue: value }
        : Number.isInteger(value)
          ? { intValue: String(value) }
          : { doubleValue: value },
  }));
  const span = {
    traceId: 't',
    spanId: id,
    name,
    startTimeUnixNano: '1700000000000000000',
    endTimeUnixNano: '1700000001000000000',
    attributes: list,
    ...more,
  };
  return JSON.stringify({
    resourceSpans: [{ resource: {}, scopeSpans: [{ scope: { name: 'otel-token-budget' }, spans: [span] }] }],
  });
}

const CALL = {
  'token_budget.decision': 'admit',
  'token_budget.name': 'b',
  'token_budget.cost.nano_usd': 2_000_000,
  'gen_ai.request.model': 'm',
  'gen_ai.usage.input_tokens': 10,
  'gen_ai.usage.output_tokens': 5,
};

describe('lines of OTLP', { concurrency: 2 }, () => {
  const reportOf = async (name: string, lines: readonly string[]) => {
    const result = await command(['report', directory.write(name, lines.join('\n')), '--json']);
    return { ...result, data: result.stdout === '' ? undefined : (JSON.parse(result.stdout) as ReportJson) };
  };

  it('count a span once that was sent twice, and leave out a last line that is cut short', async () => {
    const line = spanLine('1', 'chat m', CALL);
    const { data, stderr } = await reportOf('twice.jsonl', [line, line, '', line.slice(0, 90)]);
    assert.deepEqual([data?.totals.calls, data?.totals.costUsd, stderr], [1, 0.002, '']);
  });

  it('name the step above a call, through calls in between', async () => {
    const { data } = await reportOf('steps.jsonl', [
      spanLine('1', 'plan', {}),
      spanLine('2', 'chat outer', { ...CALL, 'token_budget.decision': 'deny' }, { parentSpanId: '1' }),
      spanLine('3', 'chat inner', CALL, { parentSpanId: '2', status: { code: 'STATUS_CODE_ERROR' } }),
      spanLine('4', 'chat alone', CALL),
      spanLine('5', 'chat cut off', CALL, { parentSpanId: '9' }),
    ]);
    const steps = data?.groups.find(({ by }) => by === 'step')?.rows.map(({ name }) => name);
    assert.deepEqual(steps?.sort(), ['no step', 'not in the file', 'plan']);
    assert.deepEqual([data?.totals.calls, data?.totals.denied, data?.totals.failed], [3, 1, 1]);
  });

  for (const [what, lines, says] of [
    [
      'other JSON',
      ['{"a": 1}'],
      /line 1 has none of resourceSpans, resourceMetrics and resourceLogs, expected lines with/,
    ],
    [
      'a broken line in the middle',
      [spanLine('1', 'a', CALL), 'nonsense', spanLine('2', 'a', CALL)],
      /line 2 is not a JSON object/,
    ],
  ] as const) {
    it(`are refused if they are ${what}`, async () => {
      const { code, stderr, stdout } = await reportOf(`${what}.jsonl`, lines);
      assert.match(stderr, says);
      assert.deepEqual([code, stdout], [64, '']);
    });
  }

  it('end with exit code 1 if they have no call', async () => {
    const { code, stderr, data } = await reportOf('none.jsonl', [spanLine('1', 'GET /', {})]);
    assert.match(stderr, /none\.jsonl has no calls and no budgets/);
    assert.deepEqual([code, data?.totals.calls], [1, 0]);
  });

  it('put no name into the page as HTML', async () => {
    const evil = `</script><script>alert(1)</script><img src=x onerror="alert(2)">'&`;
    const call = { ...CALL, 'gen_ai.request.model': evil, 'token_budget.name': evil };
    const file = directory.write(
      'evil.jsonl',
      [spanLine('1', evil, {}), spanLine('2', 'c', call, { parentSpanId: '1' })].join('\n'),
    );
    const { stdout } = await command(['report', file, '--output', '-']);
    assert.ok(!stdout.includes('<script>alert') && !stdout.includes('<img'));
    assert.match(stdout, /&#60;img src=x/);
  });
});

describe('events of a report', () => {
  const event = (name: string, attributes: Record<string, unknown>): OtlpEvent => ({
    name: `token_budget.${name}`,
    at: 1,
    attributes: { 'token_budget.name': 'b', ...attributes },
  });

  for (const [name, attributes, text] of [
    [
      'threshold',
      { 'token_budget.threshold': 0.8, 'token_budget.limit': 'tokens', 'token_budget.limit.value': 12_000 },
      '80 % of 12,000 tokens used',
    ],
    [
      'denied',
      {
        'token_budget.limit': 'costUsd',
        'token_budget.limit.value': 5,
        'token_budget.settled': 4.99,
        'token_budget.requested': 0.0421,
      },
      'a call was denied: it needs $0.0421, $4.99 of $5.00 used',
    ],
    [
      'unmetered',
      { 'token_budget.endpoint': 'POST /agents/sessions', 'token_budget.reason': 'endpoint' },
      'the cost of POST /agents/sessions is not counted (endpoint)',
    ],
    [
      'job',
      {
        'token_budget.job.id': 'research',
        'token_budget.job.run': 2,
        'token_budget.job.reason': 'completed',
      },
      'run 2 of the job research ended: completed',
    ],
  ] as const) {
    it(`describe ${name} in words`, () => {
      assert.deepEqual(reportEvents([event(name, attributes)], []), [{ at: 1, name, budget: 'b', text }]);
    });
  }

  it('leave out single calls', () => assert.deepEqual(reportEvents([event('call', {})], []), []));
});

describe('budgets of a report', () => {
  const point = (metric: string, at: number, value: number): OtlpPoint => ({
    metric: `token_budget.${metric}`,
    at,
    value,
    attributes: { 'token_budget.name': 'b', 'token_budget.limit': 'calls' },
  });
  const readings = (at: number, limit: number, settled: number, reserved = 0): OtlpPoint[] => [
    point('limit', at, limit),
    point('settled', at, settled),
    point('reserved', at, reserved),
  ];
  const call = (at: number): ReportedCall => ({
    at,
    durationMs: 0,
    model: 'm',
    step: '',
    service: '',
    budget: 'b',
    decision: 'admit',
    input: 1,
    cached: 0,
    output: 1,
    costUsd: 0.1,
    traceId: '',
  });

  it('continue from the last metric with the calls after it, and ignore a metric that lags behind', () => {
    const [part] = reportLimits(
      [...readings(10, 20, 2), ...readings(20, 20, 2, 5)],
      [5, 8, 15, 18, 25, 30].map(call),
    );
    assert.deepEqual([part?.settled, part?.left, part?.reserved], [6, 14, 0]);
    assert.deepEqual(part?.history[0], [5, 20]);
  });

  it('follow the spending of other processes, new windows, and raised limits', () => {
    const [shared] = reportLimits([...readings(10, 20, 9), ...readings(20, 20, 15, 2)], [call(5)]);
    assert.deepEqual([shared?.settled, shared?.left], [15, 3]);
    const [restarted] = reportLimits([...readings(10, 20, 9), ...readings(20, 20, 1)], []);
    assert.deepEqual([restarted?.settled, restarted?.left], [1, 19]);
    const [raised] = reportLimits([...readings(10, 20, 20), ...readings(20, 30, 20)], []);
    assert.deepEqual([raised?.value, raised?.left], [30, 10]);
  });

  it('are drawn with no more points and intervals than are visible', () => {
    const line = Array.from({ length: 10_000 }, (_, at) => [at, 10_000 - at] as const);
    assert.ok(thinHistory(line).length <= 401 && thinHistory(line).at(-1) === line.at(-1));
    const charges = Array.from({ length: 500 }, (_, n) => ({
      at: 1_000_000 + n * 60_000,
      name: `m${n % 9}`,
      costUsd: 1,
    }));
    const { starts, series, intervalMs } = sumSpending('model', charges);
    assert.ok(starts.length <= 42 && intervalMs === 1_800_000);
    assert.deepEqual([series.length, series.at(-1)?.name], [6, 'others']);
    const sum = series.flatMap(({ costUsd }) => costUsd).reduce((a, b) => a + b, 0);
    assert.equal(sum, 500);
  });
});
