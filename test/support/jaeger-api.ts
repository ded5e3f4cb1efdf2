import { isObject, type JsonObject, objectsOf } from './json.ts';

/** A span as Jaeger's query API gives it. */
export interface JaegerSpan {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly tags: JsonObject;
  /** Names of its events. */
  readonly events: readonly string[];
}

export interface JaegerTrace {
  readonly traceId: string;
  readonly spans: readonly JaegerSpan[];
}

/** The traces of a service; with tags, those with a span that has them. */
export async function tracesOf(
  jaeger: string,
  service: string,
  tags: Readonly<Record<string, string>> = {},
): Promise<JaegerTrace[]> {
  const search = { service, limit: '100', lookback: '1h', tags: JSON.stringify(tags) };
  return traces(`${jaeger}/api/traces?${new URLSearchParams(search)}`);
}

/** One trace; none where Jaeger has it not. */
export async function traceOf(jaeger: string, traceId: string): Promise<JaegerTrace | undefined> {
  return (await traces(`${jaeger}/api/traces/${traceId}`))[0];
}

async function traces(url: string): Promise<JaegerTrace[]> {
  const body: unknown = await (await fetch(url)).json();
  return objectsOf(isObject(body) ? body['data'] : undefined).map((trace) => ({
    traceId: String(trace['traceID']),
    spans: objectsOf(trace['spans']).map((span) => ({
      name: String(span['operationName']),
      spanId: String(span['spanID']),
      parentSpanId: parentOf(span),
      tags: fieldsOf(span['tags']),
      events: objectsOf(span['logs']).map((log) => String(fieldsOf(log['fields'])['event'])),
    })),
  }));
}

function parentOf(span: JsonObject): string | undefined {
  const parent = objectsOf(span['references']).find(({ refType }) => refType === 'CHILD_OF');
  return parent === undefined ? undefined : String(parent['spanID']);
}

function fieldsOf(value: unknown): JsonObject {
  return Object.fromEntries(objectsOf(value).map((field) => [String(field['key']), field['value']]));
}
