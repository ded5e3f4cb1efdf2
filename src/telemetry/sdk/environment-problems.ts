import { formatValue } from '../../util/index.ts';
import {
  type Env,
  isSdkDisabled,
  readExporterNames,
  readVariable,
  type Signal,
} from '../environment/index.ts';

/** The exporters of each signal that are known here. */
const EXPORTERS: Readonly<Record<Signal, readonly string[]>> = {
  TRACES: ['otlp', 'console', 'none'],
  METRICS: ['otlp', 'prometheus', 'console', 'none'],
  LOGS: ['otlp', 'console', 'none'],
};

const SIGNALS = Object.keys(EXPORTERS) as Signal[];

const PROTOCOLS = ['http/json', 'http/protobuf', 'grpc'];

/**
 * Returns a sentence for each variable by which telemetry is lost: an unknown exporter or protocol, or an endpoint
 * that is not a URL. By the specification such values are ignored, with a warning.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#enum
 */
export function findEnvironmentProblems(env: Env): string[] {
  if (isSdkDisabled(env)) return [];
  return [
    ...SIGNALS.flatMap((signal) => exporterProblems(env, signal)),
    ...otlpVariables('PROTOCOL').flatMap((name) => protocolProblems(env, name)),
    ...otlpVariables('ENDPOINT').flatMap((name) => endpointProblems(env, name)),
  ];
}

function otlpVariables(what: string): string[] {
  return ['', ...SIGNALS.map((signal) => `${signal}_`)].map((part) => `OTEL_EXPORTER_OTLP_${part}${what}`);
}

function exporterProblems(env: Env, signal: Signal): string[] {
  const known = EXPORTERS[signal];
  return readExporterNames(env, signal)
    .filter((name) => !known.includes(name))
    .map((name) => problem(`OTEL_${signal}_EXPORTER`, name, listOf(known), 'nothing is sent there'));
}

function protocolProblems(env: Env, name: string): string[] {
  const protocol = readVariable(env, name);
  if (protocol === undefined || PROTOCOLS.includes(protocol)) return [];
  return [problem(name, protocol, listOf(PROTOCOLS), 'http/json is used')];
}

function endpointProblems(env: Env, name: string): string[] {
  const endpoint = readVariable(env, name);
  if (endpoint === undefined || isEndpoint(endpoint)) return [];
  return [problem(name, endpoint, 'a URL such as http://localhost:4318', 'it is ignored')];
}

/** Whether a text is a URL of HTTP, or a host and a port, as gRPC allows it. */
function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  return /^https?:$/.test(new URL(text).protocol) || /^[^/\s]+:\d+$/.test(text);
}

function problem(name: string, given: string, expected: string, effect: string): string {
  return `${name}: got ${formatValue(given)}, expected ${expected}; ${effect}`;
}

function listOf(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
