import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { UsageError } from '../exit.ts';

/** Attributes by name; integers as numbers. */
export type OtlpAttributes = Readonly<Record<string, unknown>>;

/** A span as it was exported. Times are milliseconds since the epoch. */
export interface OtlpSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly start: number;
  readonly end: number;
  readonly attributes: OtlpAttributes;
  readonly resource: OtlpAttributes;
  /** Whether its status is an error. */
  readonly failed: boolean;
  readonly events: readonly OtlpEvent[];
}

/** A log record with an event name, or an event of a span. */
export interface OtlpEvent {
  readonly name: string;
  readonly at: number;
  readonly attributes: OtlpAttributes;
}

/** A point of a gauge or a sum. */
export interface OtlpPoint {
  readonly metric: string;
  readonly at: number;
  readonly value: number;
  readonly attributes: OtlpAttributes;
}

/** What the lines of a file hold. */
export interface OtlpTelemetry {
  readonly spans: readonly OtlpSpan[];
  readonly points: readonly OtlpPoint[];
  readonly logs: readonly OtlpEvent[];
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads OTLP as JSON lines, as the Collector's file exporter writes them: each line an object with `resourceSpans`,
 * `resourceMetrics` or `resourceLogs`. A last line that is cut short is left out, as the file may be written meanwhile.
 * @throws UsageError where the file cannot be read, or has a line that is something else
 */
export async function readOtlpLines(path: string): Promise<OtlpTelemetry> {
  const telemetry = { spans: [] as OtlpSpan[], points: [] as OtlpPoint[], logs: [] as OtlpEvent[] };
  const seen = new Set<string>();
  let wrong: { readonly line: number; readonly why: string } | undefined;
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      number += 1;
      if (line.trim() === '') continue;
      if (wrong !== undefined) break;
      const parsed = objectOf(line);
      const why = parsed === undefined ? 'is not a JSON object' : add(parsed, telemetry, seen);
      if (why !== undefined) wrong = { line: number, why };
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `"${path}" cannot be read (${why}); taken is a file of OTLP JSON lines, or the ledger of a store.`,
    );
  }
  const cutShort = wrong?.line === number && wrong.line > 1 && wrong.why === 'is not a JSON object';
  if (wrong !== undefined && !cutShort) {
    throw new UsageError(
      `"${path}": line ${wrong.line} ${wrong.why}; taken are lines with resourceSpans, resourceMetrics or resourceLogs, as the ` +
        "Collector's file exporter writes them.",
    );
  }
  return telemetry;
}

/** Adds what a line holds; says what is wrong where it holds nothing of OTLP. */
function add(
  line: Json,
  { spans, points, logs }: { spans: OtlpSpan[]; points: OtlpPoint[]; logs: OtlpEvent[] },
  seen: Set<string>,
): string | undefined {
  if (!['resourceSpans', 'resourceMetrics', 'resourceLogs'].some((key) => key in line)) {
    return 'has none of resourceSpans, resourceMetrics and resourceLogs';
  }
  for (const { item, resource } of itemsOf(line, 'resourceSpans', 'scopeSpans', 'spans')) {
    const span = spanOf(item, resource);
    const id = `${span.traceId}${span.spanId}`;
    // A batch that was sent again may stand there twice.
    if (!seen.has(id)) spans.push(span);
    seen.add(id);
  }
  for (const { item } of itemsOf(line, 'resourceMetrics', 'scopeMetrics', 'metrics'))
    points.push(...pointsOf(item));
  for (const { item } of itemsOf(line, 'resourceLogs', 'scopeLogs', 'logRecords')) {
    const name = textOf(item['eventName']);
    const at = millisOf(item['timeUnixNano']) || millisOf(item['observedTimeUnixNano']);
    if (name !== undefined) logs.push({ name, at, attributes: attributesOf(item['attributes']) });
  }
  return undefined;
}

function spanOf(item: Json, resource: OtlpAttributes): OtlpSpan {
  return {
    name: String(item['name'] ?? ''),
    traceId: String(item['traceId'] ?? ''),
    spanId: String(item['spanId'] ?? ''),
    parentSpanId: textOf(item['parentSpanId']),
    start: millisOf(item['startTimeUnixNano']),
    end: millisOf(item['endTimeUnixNano']),
    attributes: attributesOf(item['attributes']),
    resource,
    failed:
      isJson(item['status']) &&
      (item['status']['code'] === 2 || item['status']['code'] === 'STATUS_CODE_ERROR'),
    events: listOf(item['events']).map((event) => ({
      name: String(event['name'] ?? ''),
      at: millisOf(event['timeUnixNano']),
      attributes: attributesOf(event['attributes']),
    })),
  };
}

function pointsOf(item: Json): OtlpPoint[] {
  const data = item['gauge'] ?? item['sum'];
  return listOf(isJson(data) ? data['dataPoints'] : undefined).map((point) => ({
    metric: String(item['name']),
    at: millisOf(point['timeUnixNano']),
    value: Number(point['asDouble'] ?? point['asInt'] ?? Number.NaN),
    attributes: attributesOf(point['attributes']),
  }));
}

function itemsOf(
  line: Json,
  resources: string,
  scopes: string,
  items: string,
): { item: Json; resource: OtlpAttributes }[] {
  return listOf(line[resources]).flatMap((group) => {
    const resource = attributesOf(isJson(group['resource']) ? group['resource']['attributes'] : undefined);
    return listOf(group[scopes]).flatMap((scope) => listOf(scope[items]).map((item) => ({ item, resource })));
  });
}

function attributesOf(list: unknown): OtlpAttributes {
  return Object.fromEntries(listOf(list).map((pair) => [String(pair['key']), plainOf(pair['value'])]));
}

/** 64-bit integers are texts in OTLP's JSON. */
function plainOf(value: unknown): unknown {
  if (!isJson(value)) return undefined;
  if ('intValue' in value) return Number(value['intValue']);
  if (isJson(value['arrayValue'])) return listOf(value['arrayValue']['values']).map(plainOf);
  return value['stringValue'] ?? value['doubleValue'] ?? value['boolValue'];
}

/** Nanoseconds, as a text or a number, in milliseconds. */
function millisOf(nano: unknown): number {
  return typeof nano === 'string' || typeof nano === 'number' ? Number(nano) / 1e6 : 0;
}

function objectOf(line: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isJson(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isJson) : [];
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
