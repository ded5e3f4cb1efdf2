/**
 * The OpenTelemetry environment variables that are read here, because the SDK reads them only where it makes every
 * processor and exporter itself. Meanings and defaults as in
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/.
 */
export type Env = Readonly<Record<string, string | undefined>>;

/** The three signals, as the variables spell them. */
export type Signal = 'TRACES' | 'METRICS' | 'LOGS';

/** How OTLP is spoken; JSON over HTTP unless the environment asks for another way. */
export type Protocol = 'http/json' | 'http/protobuf' | 'grpc';

/** A variable's text; undefined where it is not set or empty. */
export function text(env: Env, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === undefined || value === '' ? undefined : value;
}

/** A variable that is a number above zero, under the name of an option; nothing where it is not one. */
export function positive<K extends string>(env: Env, name: string, key: K): { [P in K]?: number } {
  const value = Number(text(env, name) ?? Number.NaN);
  return (value > 0 ? { [key]: value } : {}) as { [P in K]?: number };
}

/** The exporters of a signal: `otlp` where none is named, nothing where `none` is. */
export function exporterNames(env: Env, signal: Signal): string[] {
  const names = (text(env, `OTEL_${signal}_EXPORTER`) ?? 'otlp').split(',').map((name) => name.trim());
  return names.includes('none') ? [] : [...new Set(names)];
}

export function protocolOf(env: Env, signal: Signal): Protocol {
  const given =
    text(env, `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`) ?? text(env, 'OTEL_EXPORTER_OTLP_PROTOCOL');
  return given === 'grpc' || given === 'http/protobuf' ? given : 'http/json';
}

/** Where a signal's OTLP goes, for a look whether anybody listens there. */
export function endpointOf(env: Env, signal: Signal): URL | undefined {
  const given =
    text(env, `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`) ?? text(env, 'OTEL_EXPORTER_OTLP_ENDPOINT');
  const standard = protocolOf(env, signal) === 'grpc' ? 'http://localhost:4317' : 'http://localhost:4318';
  const endpoint = given ?? standard;
  return URL.canParse(endpoint) ? new URL(endpoint) : undefined;
}
