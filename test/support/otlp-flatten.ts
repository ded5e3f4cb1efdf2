import { isObject, type JsonObject, objectsOf } from './json.ts';

export interface FlatEvent {
  readonly name: string;
  readonly attributes: JsonObject;
}

/** A span with the names of what is around it. Times are in nanoseconds. */
export interface FlatSpan {
  readonly name: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly startNano: bigint;
  readonly endNano: bigint;
  readonly attributes: JsonObject;
  readonly events: readonly FlatEvent[];
  /** Code 0 unset, 1 ok, 2 error. */
  readonly status: { readonly code: number; readonly message: string | undefined };
  readonly scope: string;
  readonly resource: JsonObject;
}

/** One data point of a metric. */
export interface FlatPoint {
  readonly name: string;
  readonly unit: string;
  readonly type: 'sum' | 'gauge' | 'histogram' | 'exponentialHistogram' | 'summary';
  readonly attributes: JsonObject;
  /** Of a sum or a gauge. */
  readonly value: number | undefined;
  /** Of a histogram. */
  readonly count: number | undefined;
  readonly sum: number | undefined;
  /** Bucket boundaries of a histogram. */
  readonly bounds: number[] | undefined;
  readonly scope: string;
  readonly resource: JsonObject;
}

/** One log record; an event has an `eventName`. */
export interface FlatLog {
  readonly eventName: string | undefined;
  readonly severityNumber: number | undefined;
  readonly severityText: string | undefined;
  readonly body: unknown;
  readonly attributes: JsonObject;
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly scope: string;
  readonly resource: JsonObject;
}

/** The spans of a body that was posted to `/v1/traces`. */
export function flattenSpans(body: JsonObject): FlatSpan[] {
  return scoped(body, 'resourceSpans', 'scopeSpans', 'spans').map(({ item, scope, resource }) => {
    const status = isObject(item['status']) ? item['status'] : {};
    return {
      name: String(item['name']),
      kind: numeric(item['kind']) ?? 0,
      traceId: String(item['traceId']),
      spanId: String(item['spanId']),
      parentSpanId: text(item['parentSpanId']),
      startNano: BigInt(String(item['startTimeUnixNano'] ?? 0)),
      endNano: BigInt(String(item['endTimeUnixNano'] ?? 0)),
      attributes: attributesOf(item['attributes']),
      events: objectsOf(item['events']).map((event) => ({
        name: String(event['name']),
        attributes: attributesOf(event['attributes']),
      })),
      status: { code: numeric(status['code']) ?? 0, message: text(status['message']) },
      scope,
      resource,
    };
  });
}

const POINT_TYPES = ['sum', 'gauge', 'histogram', 'exponentialHistogram', 'summary'] as const;

/** The data points of a body that was posted to `/v1/metrics`. */
export function flattenMetrics(body: JsonObject): FlatPoint[] {
  return scoped(body, 'resourceMetrics', 'scopeMetrics', 'metrics').flatMap(({ item, scope, resource }) =>
    POINT_TYPES.flatMap((type) => {
      const data = item[type];
      return objectsOf(isObject(data) ? data['dataPoints'] : undefined).map((point) => ({
        name: String(item['name']),
        unit: String(item['unit'] ?? ''),
        type,
        attributes: attributesOf(point['attributes']),
        value: numeric(point['asInt'] ?? point['asDouble']),
        count: numeric(point['count']),
        sum: numeric(point['sum']),
        bounds: Array.isArray(point['explicitBounds']) ? point['explicitBounds'].map(Number) : undefined,
        scope,
        resource,
      }));
    }),
  );
}

/** The records of a body that was posted to `/v1/logs`. */
export function flattenLogs(body: JsonObject): FlatLog[] {
  return scoped(body, 'resourceLogs', 'scopeLogs', 'logRecords').map(({ item, scope, resource }) => ({
    eventName: text(item['eventName']),
    severityNumber: numeric(item['severityNumber']),
    severityText: text(item['severityText']),
    body: anyValue(item['body']),
    attributes: attributesOf(item['attributes']),
    traceId: text(item['traceId']),
    spanId: text(item['spanId']),
    scope,
    resource,
  }));
}

interface Scoped {
  readonly item: JsonObject;
  readonly scope: string;
  readonly resource: JsonObject;
}

function scoped(body: JsonObject, resources: string, scopes: string, items: string): Scoped[] {
  return objectsOf(body[resources]).flatMap((group) => {
    const resource = attributesOf(isObject(group['resource']) ? group['resource']['attributes'] : undefined);
    return objectsOf(group[scopes]).flatMap((inner) => {
      const scope = isObject(inner['scope']) ? String(inner['scope']['name'] ?? '') : '';
      return objectsOf(inner[items]).map((item) => ({ item, scope, resource }));
    });
  });
}

function attributesOf(list: unknown): JsonObject {
  return Object.fromEntries(objectsOf(list).map((pair) => [String(pair['key']), anyValue(pair['value'])]));
}

// 64-bit integers are strings in OTLP JSON; those of our attributes fit in a number.
function anyValue(value: unknown): unknown {
  if (!isObject(value)) return undefined;
  if ('intValue' in value) return Number(value['intValue']);
  if (isObject(value['arrayValue'])) return objectsOf(value['arrayValue']['values']).map(anyValue);
  if (isObject(value['kvlistValue'])) return attributesOf(value['kvlistValue']['values']);
  return value['stringValue'] ?? value['boolValue'] ?? value['doubleValue'] ?? value['bytesValue'];
}

function numeric(value: unknown): number | undefined {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
