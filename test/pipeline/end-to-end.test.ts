import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { startLocalOpenai } from '../../examples/local-openai/server.ts';
import { filledIn, readDashboards, shown, type Target } from '../support/dashboards.ts';
import { eventually } from '../support/eventually.ts';
import { type JaegerSpan, type JaegerTrace, traceOf, tracesOf } from '../support/jaeger-api.ts';
import { type Pipeline, startPipeline } from '../support/pipeline.ts';
import { freePorts, skipWithout } from '../support/programs.ts';
import { exemplarTraces, labelNames, labelValues, query, queryRange } from '../support/prometheus-api.ts';
import { REPO_ROOT, registerPath, runNode } from '../support/run-node.ts';

const SERVICE = 'token-budget-demo';
const dashboards = readDashboards();
const { groups } = parse(readFileSync(join(REPO_ROOT, 'pipeline', 'alerts.yml'), 'utf8')) as {
  groups: { rules: { record?: string; alert?: string; expr: string }[] }[];
};
const rules = groups.flatMap((group) => group.rules);

/** Conditions that are not met while all is well; their series are there all the same. */
const QUIET = ['TokenBudgetTelemetryMissing', 'TokenBudgetCollectorDown', 'TokenBudgetTelemetryQueueing'];

describe('from the demo through the Collector to Jaeger, Prometheus and VictoriaLogs', {
  skip: skipWithout('otelcol', 'jaeger', 'prometheus', 'victoria-logs'),
}, () => {
  let pipeline: Pipeline;
  let traces: JaegerTrace[];
  /** What the demo says that it spent, USD with four significant digits. */
  let spent = 0;

  before(async () => {
    pipeline = await startPipeline();
    const [demo, away] = await Promise.all([runDemo(pipeline.otlp), runWithoutStore(pipeline.otlp)]);
    assert.equal(demo.code, 0, demo.stderr);
    assert.equal(away.code, 0, away.stderr);
    spent = Number(/\$([\d.]+) of \$0\.02 spent/.exec(demo.stdout)?.[1]);
    traces = await eventually('all calls in Jaeger', async () => {
      const found = await tracesOf(pipeline.jaeger, SERVICE);
      return callsOf(found).length === 13 ? found : undefined;
    });
    // The Collector makes metrics of the spans, and Prometheus rules of the metrics, each at their next turn.
    await eventually('what is made last', async () => {
      const last = [
        `token_budget_reporting{job="${SERVICE}"} == 0`,
        'token_budget:pace:slow',
        'span_duration_seconds_count{token_budget_decision="deny"}',
        'token_budget_store_available == 0',
        'otelcol_exporter_queue_size',
      ];
      const found = await Promise.all(last.map((expr) => query(pipeline.prometheus, expr)));
      return found.every((series) => series.length > 0) ? found : undefined;
    });
  });

  after(() => pipeline?.close());

  it('gives Jaeger the tree of each question, with the tokens and the cost of its calls', () => {
    for (const trace of traces) {
      const root = trace.spans.find(({ parentSpanId }) => parentSpanId === undefined);
      assert.match(root?.name ?? '', /^question \d$/);
      for (const span of trace.spans) if (span !== root) assert.equal(span.parentSpanId, root?.spanId);
    }
    let charged = 0;
    for (const { tags } of callsOf(traces).filter(({ tags }) => tags['token_budget.decision'] !== 'deny')) {
      assert.ok(Number(tags['gen_ai.usage.input_tokens']) > 0);
      assert.ok(Number(tags['gen_ai.usage.output_tokens']) > 0);
      charged += Number(tags['token_budget.cost.nano_usd']);
    }
    assert.equal(Number((charged / 1e9).toPrecision(4)), spent);
  });

  it('gives Jaeger the denied call, with its error and its events', async () => {
    const found = await tracesOf(pipeline.jaeger, SERVICE, { 'token_budget.decision': 'deny' });
    const denied = found
      .flatMap(({ spans }) => spans)
      .filter(({ tags }) => tags['token_budget.decision'] === 'deny');
    assert.equal(denied.length, 1);
    assert.equal(denied[0]?.tags['error'], true);
    assert.equal(denied[0]?.tags['error.type'], 'token_budget_exceeded');
    assert.deepEqual(denied[0]?.events, ['token_budget.denied', 'token_budget.exhausted']);
  });

  it('gives VictoriaLogs the events, each with its trace', async () => {
    const records = await eventually('the events', async () => {
      const found = await logs(pipeline.victoriaLogs, `"service.name":="${SERVICE}"`);
      const names = new Set(found.map(({ event_name }) => event_name?.replace('token_budget.', '') ?? ''));
      const all = ['threshold', 'clamped', 'denied', 'exhausted'].every((name) => names.has(name));
      return all ? found : undefined;
    });
    for (const { trace_id } of records) assert.ok(traces.some(({ traceId }) => traceId === trace_id));
  });

  it('counts in Prometheus what the demo spent, from its first call on', async () => {
    const [cost] = await query(pipeline.prometheus, `sum(token_budget_cost_total{job="${SERVICE}"})`);
    assert.equal(Number((cost?.values[0] ?? 0).toPrecision(4)), spent);
    const [ended] = await query(pipeline.prometheus, `token_budget_reporting{job="${SERVICE}"}`);
    assert.deepEqual(ended?.values, [0]);
    // Without a zero at its beginning, a counter of a program that is over at once has no increase.
    const denied = 'increase(token_budget_calls_total{token_budget_decision="deny"}[10m])';
    const [increase] = await query(pipeline.prometheus, denied);
    assert.ok((increase?.values[0] ?? 0) >= 0.9, String(increase?.values));
  });

  for (const { file, dashboard } of dashboards) {
    for (const { title, targets = [] } of shown(dashboard)) {
      it(`${file}: "${title}" has data`, async () => {
        for (const target of targets) await assertData(target);
      });
    }

    for (const { name, target } of dashboard.annotations.list ?? []) {
      it(`${file}: the annotation "${name}" has data`, () => assertData(target));
    }

    for (const {
      name,
      query: { query: expr },
    } of dashboard.templating.list) {
      it(`${file}: the variable ${name} has values`, async () => {
        const [, match = '', label = ''] = /^label_\w+\((\w+(?:\{.*\})?)(?:, (\w+))?\)$/.exec(expr) ?? [];
        const values =
          label === ''
            ? await labelNames(pipeline.prometheus, filledIn(match))
            : await labelValues(pipeline.prometheus, label, filledIn(match));
        const expected = { service: SERVICE, budget: 'default', model: 'gpt-5.2', attribute: 'team' }[name];
        assert.ok((values as string[]).includes(expected ?? ''), `${expected} of ${values}`);
      });
    }
  }

  for (const { record, alert, expr } of rules) {
    it(`${record ?? alert} has data`, async () => {
      const quiet = QUIET.includes(alert ?? '');
      const series = await query(pipeline.prometheus, quiet ? withoutCondition(expr) : expr);
      assert.ok(series.length > 0, expr);
      if (quiet) assert.deepEqual(await query(pipeline.prometheus, expr), []);
    });
  }

  it('leads from exemplars to traces', async () => {
    const targets = dashboards
      .flatMap(({ dashboard }) => shown(dashboard))
      .flatMap(({ targets = [] }) => targets);
    const withExemplars = targets.filter(({ exemplar }) => exemplar === true);
    assert.equal(withExemplars.length, 4);
    for (const { expr } of withExemplars) {
      const [traceId] = await exemplarTraces(pipeline.prometheus, filledIn(expr));
      assert.ok(traceId, expr);
      assert.ok(await traceOf(pipeline.jaeger, traceId), traceId);
    }
  });

  it('tells when the Collector is away', async () => {
    await pipeline.collector.stop();
    const down = rules.find(({ alert }) => alert === 'TokenBudgetCollectorDown');
    await eventually('that it is down', async () => {
      const series = await query(pipeline.prometheus, down?.expr ?? '');
      return series.length > 0 ? series : undefined;
    });
  });

  async function assertData({ datasource, expr, instant }: Target): Promise<void> {
    const filled = filledIn(expr);
    if (datasource.uid === 'victorialogs') {
      assert.ok((await logs(pipeline.victoriaLogs, filled)).length > 0, filled);
      return;
    }
    const series = await (instant === true ? query : queryRange)(pipeline.prometheus, filled);
    assert.ok(
      series.some(({ values }) => values.length > 0),
      filled,
    );
  }
});

function callsOf(traces: readonly JaegerTrace[]): JaegerSpan[] {
  const spans = traces.flatMap((trace) => trace.spans);
  return spans.filter(({ tags }) => tags['gen_ai.operation.name'] === 'chat');
}

function runDemo(otlp: string) {
  return runNode({
    args: ['examples/demo.ts'],
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp,
      OTEL_METRIC_EXPORT_INTERVAL: '250',
      OTEL_RESOURCE_ATTRIBUTES: 'team=research',
      // Far away, so that the one in USD is reached.
      TOKEN_BUDGET_TOKENS: '1000000',
      TOKEN_BUDGET_CALLS: '1000',
      TOKEN_BUDGET_MINUTES: '600',
    },
  });
}

/** The same agent with a ledger in a Redis that nobody runs: its calls go on. */
async function runWithoutStore(otlp: string) {
  const openai = await startLocalOpenai();
  const [port] = await freePorts(1);
  try {
    return await runNode({
      args: ['--require', registerPath, 'examples/agent.js'],
      env: {
        OPENAI_BASE_URL: openai.baseURL,
        OPENAI_API_KEY: 'local',
        OTEL_EXPORTER_OTLP_ENDPOINT: otlp,
        OTEL_SERVICE_NAME: 'without-store',
        TOKEN_BUDGET_USD: '0.02',
        TOKEN_BUDGET_NAME: 'shared',
        // In strict, calls without their store are denied.
        TOKEN_BUDGET_MODE: 'soft',
        TOKEN_BUDGET_STORE: `redis://127.0.0.1:${port}`,
      },
    });
  } finally {
    openai.close();
  }
}

/** An alert's series, whatever they are. */
function withoutCondition(expr: string): string {
  return expr.replace(/ (unless|or) .*$/, '').replace(/ (==|>) [\d.]+(?=\)*$)/, '');
}

async function logs(victoriaLogs: string, expr: string): Promise<Record<string, string>[]> {
  const response = await fetch(`${victoriaLogs}/select/logsql/query?${new URLSearchParams({ query: expr })}`);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, string>);
}
