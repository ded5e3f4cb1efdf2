import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hostDetector } from '@opentelemetry/resources';
import { NAMES, requireOfSdk } from '../../src/telemetry/sdk/sdk-packages.ts';
import { runScript } from '../support/script-run.ts';

/** The modules that are loaded as CommonJS, as far as the packages of OpenTelemetry go; and their `require`. */
const LOADED = `
const { createRequire } = await import('node:module');
const { dirname, sep } = await import('node:path');
const require = createRequire(dirname(process.env.PACKAGE) + sep);
const ofSdk = createRequire(require.resolve('@opentelemetry/sdk-node'));
const loaded = (part) => Object.keys(require.cache).some((file) => file.split(sep).join('/').includes('/node_modules/' + part));
`;

const CALL = "await client.chat.completions.create(CHAT, replay('chat-plain'));";

describe('the SDK that the preload starts', { concurrency: 2 }, () => {
  test('leaves out what the thread of the application does not use', async () => {
    const { printed, spans, stderr } = await runScript({
      script: `${LOADED}${CALL}
        print(['@opentelemetry/sdk-node', '@opentelemetry/sdk-metrics'].every(loaded));
        print(['@grpc/', 'yaml/', 'protobufjs/', '@opentelemetry/exporter-', '@opentelemetry/otlp-', '@opentelemetry/api/', '@opentelemetry/semantic-conventions/'].filter(loaded));`,
      env: { TOKEN_BUDGET_USD: '5' },
    });
    assert.deepEqual(printed, [true, []]);
    assert.equal(spans.length, 1);
    assert.equal(stderr, '');
  });

  test('leaves out nothing for others that require it', async () => {
    const { printed, stderr } = await runScript({
      script: `${LOADED}${CALL}
        const exporter = new (ofSdk('@opentelemetry/exporter-zipkin').ZipkinExporter)({ url: 'http://127.0.0.1:1' });
        print({ exports: typeof exporter.export });
        print({ ownKeys: Object.keys(ofSdk('@opentelemetry/exporter-zipkin')).includes('ZipkinExporter') });
        const api = require('@opentelemetry/api');
        api.changed = true;
        print(api.changed);
        const sdk = new (require('@opentelemetry/sdk-node').NodeSDK)({ spanProcessors: [], logRecordProcessors: [] });
        print({ starts: typeof sdk.start });`,
      env: { TOKEN_BUDGET_USD: '5', OTEL_METRICS_EXPORTER: 'otlp' },
    });
    assert.deepEqual(printed, [{ exports: 'function' }, { ownKeys: true }, true, { starts: 'function' }]);
    assert.equal(stderr, '');
  });

  test('is the provider of our spans and the host’s, where the host has loaded the API as CommonJS before', async () => {
    const { printed, otlp } = await runScript({
      script: `${LOADED}
        const api = require('@opentelemetry/api');
        print(loaded('@opentelemetry/api/'));
        ${CALL}
        print(require('@opentelemetry/api') === api);
        api.trace.getTracer('host').startSpan('work').end();`,
      env: { TOKEN_BUDGET_USD: '5' },
    });
    assert.deepEqual(printed, [true, true]);
    const scopes = otlp.spans().map(({ scope }) => scope);
    assert.deepEqual(scopes.sort(), ['host', 'otel-token-budget']);
  });

  test('has the names of the semantic conventions', () => {
    const conventions = requireOfSdk('@opentelemetry/semantic-conventions') as object;
    for (const [name, value] of Object.entries(NAMES))
      assert.equal(Reflect.get(conventions, name), value, name);
  });

  test('has the propagator of B3 where it is asked for', async () => {
    const { printed, stderr } = await runScript({
      script: `${LOADED}${CALL}
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

  test('tells of the host what the detectors of the SDK tell at once', async () => {
    const { spans } = await runScript({ script: CALL, env: { TOKEN_BUDGET_USD: '5' } });
    const { attributes = {} } = hostDetector.detect();
    const expected = Object.entries(attributes).filter(([, value]) => !(value instanceof Promise));
    const sent = Object.entries(spans[0]?.resource ?? {}).filter(([name]) => name.startsWith('host.'));
    assert.deepEqual(new Map(sent), new Map(expected));
  });

  test('takes the detectors that are asked for', async () => {
    const { spans } = await runScript({
      script: CALL,
      env: { TOKEN_BUDGET_USD: '5', OTEL_NODE_RESOURCE_DETECTORS: 'os' },
    });
    const names = Object.keys(spans[0]?.resource ?? {});
    assert.ok(names.includes('os.type'));
    assert.ok(!names.includes('host.name'));
  });
});
