import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  readEndpoint,
  readExporterNames,
  readPositiveNumber,
  readProtocol,
  readVariable,
} from '../../src/telemetry/environment/variables.ts';
import { findEnvironmentProblems } from '../../src/telemetry/sdk/environment-problems.ts';

describe('a variable of OpenTelemetry', () => {
  it('is its text without the space around it; empty, it is not set', () => {
    assert.equal(readVariable({ A: ' x y ' }, 'A'), 'x y');
    for (const value of [undefined, '', '  ', '\t\n'])
      assert.equal(readVariable({ A: value }, 'A'), undefined);
    assert.equal(readVariable({}, 'A'), undefined);
  });

  it('that is a number above zero becomes an option', () => {
    assert.deepEqual(readPositiveNumber({ A: ' 250 ' }, 'A', 'every'), { every: 250 });
    assert.deepEqual(readPositiveNumber({ A: '0.5' }, 'A', 'every'), { every: 0.5 });
    for (const value of [undefined, '', '0', '-1', 'x', '5s', 'NaN']) {
      assert.deepEqual(readPositiveNumber({ A: value }, 'A', 'every'), {}, `${value}`);
    }
  });
});

describe('the exporters of a signal', () => {
  for (const [given, names] of [
    [undefined, ['otlp']],
    ['', ['otlp']],
    ['otlp', ['otlp']],
    ['none', []],
    ['console, otlp', ['console', 'otlp']],
    ['otlp,none', []],
    ['otlp,otlp', ['otlp']],
    ['zipkin', ['zipkin']],
  ] as const) {
    it(`are ${names.join(' and ') || 'none'} for ${given}`, () => {
      assert.deepEqual(readExporterNames({ OTEL_TRACES_EXPORTER: given }, 'TRACES'), names);
    });
  }

  it('are those of the signal', () => {
    const env = { OTEL_METRICS_EXPORTER: 'none' };
    assert.deepEqual(readExporterNames(env, 'METRICS'), []);
    assert.deepEqual(readExporterNames(env, 'LOGS'), ['otlp']);
  });
});

describe('the protocol', () => {
  it('is JSON over HTTP unless another is asked for', () => {
    assert.equal(readProtocol({}, 'TRACES'), 'http/json');
    for (const [given, protocol] of [
      ['grpc', 'grpc'],
      ['http/protobuf', 'http/protobuf'],
      ['http/json', 'http/json'],
      ['carrier pigeon', 'http/json'],
      ['', 'http/json'],
    ] as const) {
      assert.equal(readProtocol({ OTEL_EXPORTER_OTLP_PROTOCOL: given }, 'LOGS'), protocol, given);
    }
  });

  it('of a signal goes before that of all', () => {
    const env = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json' };
    assert.deepEqual([readProtocol(env, 'LOGS'), readProtocol(env, 'TRACES')], ['http/json', 'grpc']);
  });
});

describe('the endpoint', () => {
  const hrefs = (env: Record<string, string>) => readEndpoint(env, 'TRACES')?.href;

  it('is that of a collector on this host', () => {
    assert.equal(hrefs({}), 'http://localhost:4318/');
    assert.equal(hrefs({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }), 'http://localhost:4317/');
  });

  it('is the one that is set, that of the signal first', () => {
    const all = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://all:1' };
    assert.equal(hrefs(all), 'http://all:1/');
    assert.equal(
      hrefs({ ...all, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://own:2/v1/x' }),
      'http://own:2/v1/x',
    );
    assert.equal(hrefs({ ...all, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://own:2' }), 'http://all:1/');
  });

  it('is none where it is no URL', () => {
    assert.equal(hrefs({ OTEL_EXPORTER_OTLP_ENDPOINT: 'not a url' }), undefined);
  });
});

describe('the problems of the environment', () => {
  it('are unknown exporters and protocols, and endpoints that are no URLs', () => {
    const env = {
      OTEL_TRACES_EXPORTER: 'otlp,zipkin',
      OTEL_METRICS_EXPORTER: 'prometheus',
      OTEL_LOGS_EXPORTER: 'prometheus',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'nonsense',
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'ftp://collector/v1/traces',
    };
    assert.deepEqual(findEnvironmentProblems(env), [
      'OTEL_TRACES_EXPORTER: got "zipkin", expected otlp, console or none; nothing is sent there',
      'OTEL_LOGS_EXPORTER: got "prometheus", expected otlp, console or none; nothing is sent there',
      'OTEL_EXPORTER_OTLP_PROTOCOL: got "nonsense", expected http/json, http/protobuf or grpc; http/json is used',
      'OTEL_EXPORTER_OTLP_ENDPOINT: got "collector", expected a URL such as http://localhost:4318; it is ignored',
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: got "ftp://collector/v1/traces", expected a URL such as http://localhost:4318; it is ignored',
    ]);
    assert.deepEqual(findEnvironmentProblems({ ...env, OTEL_SDK_DISABLED: 'true' }), []);
  });

  it('are none by default, and where a host and a port are given', () => {
    assert.deepEqual(findEnvironmentProblems({}), []);
    for (const endpoint of ['http://a:1', 'https://a/b', 'collector:4317', ' http://a '])
      assert.deepEqual(findEnvironmentProblems({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }), [], endpoint);
  });
});
