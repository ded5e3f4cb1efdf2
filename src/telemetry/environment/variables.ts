/**
 * A process environment.
 *
 * This module reads the OpenTelemetry variables that the SDK reads only if it makes every processor and
 * exporter itself. Meanings and defaults are those of
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/.
 */
export type Env = Readonly<Record<string, string | undefined>>;

/** A signal, spelled as in the variables. */
export type Signal = 'TRACES' | 'METRICS' | 'LOGS';

/** The transport of OTLP. Default: JSON over HTTP. */
export type Protocol = 'http/json' | 'http/protobuf' | 'grpc';

/** Returns the value of a variable without surrounding spaces; undefined if it is not set or empty. */
export function readVariable(env: Env, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === undefined || value === '' ? undefined : value;
}

/** Returns `{ [key]: value }` if the variable is a number above zero, otherwise an empty object. */
export function readPositiveNumber<K extends string>(env: Env, name: string, key: K): { [P in K]?: number } {
  const value = Number(readVariable(env, name) ?? Number.NaN);
  return (value > 0 ? { [key]: value } : {}) as { [P in K]?: number };
}

/** Returns the exporters of a signal. Default: `otlp`. The name `none` turns the signal off. */
export function readExporterNames(env: Env, signal: Signal): string[] {
  const value = readVariable(env, `OTEL_${signal}_EXPORTER`) ?? 'otlp';
  const names = value.split(',').map((name) => name.trim());
  return names.includes('none') ? [] : [...new Set(names)];
}

/** Returns the OTLP protocol of a signal. */
export function readProtocol(env: Env, signal: Signal): Protocol {
  const protocol =
    readVariable(env, `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`) ??
    readVariable(env, 'OTEL_EXPORTER_OTLP_PROTOCOL');
  return protocol === 'grpc' || protocol === 'http/protobuf' ? protocol : 'http/json';
}

/** Returns the OTLP endpoint of a signal, to check that it is reachable; undefined if it is not a URL. */
export function readEndpoint(env: Env, signal: Signal): URL | undefined {
  const standard = readProtocol(env, signal) === 'grpc' ? 'http://localhost:4317' : 'http://localhost:4318';
  const endpoint =
    readVariable(env, `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`) ??
    readVariable(env, 'OTEL_EXPORTER_OTLP_ENDPOINT') ??
    standard;
  return URL.canParse(endpoint) ? new URL(endpoint) : undefined;
}

/** Whether the environment turns the SDK off. */
export function isSdkDisabled(env: Env): boolean {
  return readVariable(env, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true';
}
