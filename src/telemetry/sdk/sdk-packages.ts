/**
 * The packages of the OpenTelemetry SDK, without what this thread uses none of. sdk-node loads every exporter as soon as it is loaded
 * itself (gRPC, Protocol Buffers, Zipkin, YAML: two modules of three), of which our thread for the export loads the one that is set. All
 * are loaded as CommonJS, where such a package can be left out until it is used.
 */
import { createRequire, Module } from 'node:module';
import * as api from '@opentelemetry/api';
import * as instrumentation from '@opentelemetry/instrumentation';
import type * as Resources from '@opentelemetry/resources';
import type * as Logs from '@opentelemetry/sdk-logs';
import type * as Metrics from '@opentelemetry/sdk-metrics';
import type * as Node from '@opentelemetry/sdk-node';
import type * as Trace from '@opentelemetry/sdk-trace';
import { pastHooks } from './past-hooks.ts';

const require = createRequire(import.meta.url);
/** The dependencies of sdk-node, in the very versions that it uses. */
export const requireOfSdk = createRequire(require.resolve('@opentelemetry/sdk-node'));

/** Dependencies of sdk-node that it uses only where it makes exporters, or the propagator of B3, or is configured by a file. */
const ON_USE = [
  ...['trace', 'metrics', 'logs'].flatMap((signal) =>
    ['http', 'proto', 'grpc'].map((protocol) => `exporter-${signal}-otlp-${protocol}`),
  ),
  'exporter-prometheus',
  'exporter-zipkin',
  'otlp-exporter-base',
  'otlp-grpc-exporter-base',
  'configuration',
  'propagator-b3',
].map((name) => `@opentelemetry/${name}`);

/**
 * Those that are loaded as ES modules already. They stand in for a copy that the host has loaded as CommonJS too: each copy of the API
 * gives its own tracers, and the SDK has to be the provider of ours.
 */
const LOADED = { '@opentelemetry/api': api, '@opentelemetry/instrumentation': instrumentation };

const CONVENTIONS = '@opentelemetry/semantic-conventions';
/** What the SDK takes of the thousand names that the package has. */
export const NAMES = {
  ATTR_ERROR_TYPE: 'error.type',
  ATTR_EXCEPTION_MESSAGE: 'exception.message',
  ATTR_EXCEPTION_STACKTRACE: 'exception.stacktrace',
  ATTR_EXCEPTION_TYPE: 'exception.type',
  ATTR_SERVICE_NAME: 'service.name',
  ATTR_TELEMETRY_SDK_LANGUAGE: 'telemetry.sdk.language',
  ATTR_TELEMETRY_SDK_NAME: 'telemetry.sdk.name',
  ATTR_TELEMETRY_SDK_VERSION: 'telemetry.sdk.version',
  TELEMETRY_SDK_LANGUAGE_VALUE_NODEJS: 'nodejs',
};

const sdk = standingIn(() => ({
  node: require('@opentelemetry/sdk-node') as typeof Node,
  resources: require('@opentelemetry/resources') as typeof Resources,
  trace: require('@opentelemetry/sdk-trace') as typeof Trace,
  metrics: require('@opentelemetry/sdk-metrics') as typeof Metrics,
  logs: require('@opentelemetry/sdk-logs') as typeof Logs,
}));

export const { node, resources, trace, metrics, logs } = sdk;

/** Has modules loaded with others in the place of some of their dependencies. Who requires those later gets them as they are. */
function standingIn<T>(load: () => T): T {
  const { cache } = require;
  const before = new Map<string, NodeJS.Module | undefined>();
  const place = (name: string, exports: object): void => {
    const file = requireOfSdk.resolve(name);
    before.set(file, cache[file]);
    cache[file] = Object.assign(new Module(file), { filename: file, loaded: true, exports });
  };
  for (const [name, exports] of Object.entries(LOADED)) place(name, exports);
  for (const name of ON_USE) place(name, onUse(name));
  place(CONVENTIONS, onUse(CONVENTIONS, NAMES));
  try {
    return pastHooks(load);
  } finally {
    for (const [file, module] of before) {
      if (module === undefined) delete cache[file];
      else cache[file] = module;
    }
  }
}

/** The exports of a package, which is loaded when one of them is read that is not known. */
function onUse(name: string, known: object = {}): object {
  return new Proxy(known, {
    get: (_, key) => Reflect.get(Object.hasOwn(known, key) ? known : (requireOfSdk(name) as object), key),
  });
}
