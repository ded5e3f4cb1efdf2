import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hostDetector } from '@opentelemetry/resources';
import { runScript } from '../support/script-run.ts';

const CALL = "await client.chat.completions.create(CHAT, replay('chat-plain'));";

describe('the SDK that the preload starts', { concurrency: 2 }, () => {
  test('is the provider of our spans and the host’s, if the host has loaded the API as CommonJS before', async () => {
    const { printed, otlp } = await runScript({
      script: `
        const { createRequire } = await import('node:module');
        const { dirname, sep } = await import('node:path');
        const require = createRequire(dirname(process.env.PACKAGE) + sep);
        const api = require('@opentelemetry/api');
        ${CALL}
        print(require('@opentelemetry/api') === api);
        api.trace.getTracer('host').startSpan('work').end();`,
      env: { TOKEN_BUDGET_USD: '5' },
    });
    assert.deepEqual(printed, [true]);
    const scopes = otlp.spans().map(({ scope }) => scope);
    assert.deepEqual(scopes.sort(), ['host', 'otel-token-budget']);
  });

  test('has the propagator of B3 if it is asked for', async () => {
    const { printed, stderr } = await runScript({
      script: `${CALL}
        const { propagation, trace, context } = await import('@opentelemetry/api');
        trace.getTracer('host').startActiveSpan('work', (span) => {
          const carrier = {};
          propagation.inject(context.active(), carrier);
          print(Object.keys(carrier));
          span.end();
        });`,
      env: { TOKEN_BUDGET_USD: '5', OTEL_PROPAGATORS: 'tracecontext,b3' },
    });
    assert.deepEqual(printed, [['traceparent', 'b3']]);
    assert.equal(stderr, '');
  });

  test('describes the host as the SDK’s detectors do, less what is not known at once', async () => {
    const { spans } = await runScript({ script: CALL, env: { TOKEN_BUDGET_USD: '5' } });
    const { attributes = {} } = hostDetector.detect();
    const expected = Object.entries(attributes).filter(([, value]) => !(value instanceof Promise));
    const sent = Object.entries(spans[0]?.resource ?? {}).filter(([name]) => name.startsWith('host.'));
    assert.deepEqual(new Map(sent), new Map(expected));
  });

  test('uses the detectors that are asked for', async () => {
    const { spans } = await runScript({
      script: CALL,
      env: { TOKEN_BUDGET_USD: '5', OTEL_NODE_RESOURCE_DETECTORS: 'os' },
    });
    const names = Object.keys(spans[0]?.resource ?? {});
    assert.ok(names.includes('os.type'));
    assert.ok(!names.includes('host.name'));
  });
});
