import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from './eventually.ts';
import { startOtlpReceiver } from './otlp-receiver.ts';
import { NODE_22, runNode, startNode } from './run-node.ts';

const EMIT = `
  import { metrics, trace } from '@opentelemetry/api';
  import { NodeSDK } from '@opentelemetry/sdk-node';
  const sdk = new NodeSDK();
  sdk.start();
  const tracer = trace.getTracer('emitter');
  tracer.startActiveSpan('outer', (outer) => {
    const inner = tracer.startSpan('inner', { attributes: { tokens: 7, share: 0.5, names: ['a', 'b'], ok: true } });
    inner.addEvent('noted', { why: 'test' });
    inner.setStatus({ code: 2, message: 'no' });
    inner.end();
    outer.end();
  });
  metrics.getMeter('emitter').createHistogram('size', { unit: 'By' }).record(12, { kind: 'x' });
  await sdk.shutdown();
`;

it('the receiver reads what an SDK exports, gzipped, from a process of its own', async () => {
  const receiver = await startOtlpReceiver();
  const env = { ...receiver.env, OTEL_SERVICE_NAME: 'emitter', OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' };
  const { code, stderr } = await runNode({ args: ['--input-type=module', '-e', EMIT], env });
  assert.equal(code, 0, stderr);
  await eventually('spans and metrics', () => receiver.spans().length === 2 && receiver.metrics().length > 0);
  const outer = receiver.spans().find(({ name }) => name === 'outer');
  const inner = receiver.spans().find(({ name }) => name === 'inner');
  assert.equal(inner?.parentSpanId, outer?.spanId);
  assert.deepEqual(inner?.attributes, { tokens: 7, share: 0.5, names: ['a', 'b'], ok: true });
  assert.deepEqual(inner?.events, [{ name: 'noted', attributes: { why: 'test' } }]);
  assert.deepEqual(inner?.status, { code: 2, message: 'no' });
  assert.equal(inner?.resource['service.name'], 'emitter');
  assert.equal(inner?.scope, 'emitter');
  const point = receiver.metrics().find(({ name }) => name === 'size');
  assert.deepEqual(
    [point?.type, point?.unit, point?.sum, point?.attributes],
    ['histogram', 'By', 12, { kind: 'x' }],
  );
  await receiver.close();
});

it('the receiver fails as told, and keeps nothing then', async () => {
  const receiver = await startOtlpReceiver({ status: 503 });
  const post = () =>
    fetch(`${receiver.url}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ eventName: 'e' }] }] }] }),
    });
  assert.equal((await post()).status, 503);
  receiver.setOptions({});
  assert.equal((await post()).status, 200);
  assert.equal(receiver.posts.length, 2);
  assert.deepEqual(
    receiver.logs().map(({ eventName }) => eventName),
    ['e'],
  );
  await receiver.close();
});

it('a process sees nothing of the environment of this one, and can be signalled', async () => {
  process.env['TOKEN_BUDGET_USD'] = '1';
  const script = 'console.log(Object.keys(process.env).sort().join()); setInterval(() => {}, 1000)';
  const running = startNode({ node: NODE_22, args: ['-e', script], env: { GIVEN: 'yes' } });
  await running.waitForOutput(/GIVEN/);
  running.child.kill('SIGTERM');
  const { signal, stdout } = await running.result;
  delete process.env['TOKEN_BUDGET_USD'];
  assert.equal(signal, 'SIGTERM');
  assert.equal(stdout.trim(), 'GIVEN,HOME,PATH,XDG_STATE_HOME');
});
