import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { errorMessage, isRecord, parseJson, recordsOf } from '../../util/index.ts';
import { UsageError } from '../exit.ts';

/** Attributes by name; integers as numbers. */
export type OtlpAttributes = Readonly<Record<string, unknown>>;

/** An exported span. Times are milliseconds since the epoch. */
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

/** The telemetry in a file. */
export interface OtlpTelemetry {
  readonly spans: readonly OtlpSpan[];
  readonly points: readonly OtlpPoint[];
  readonly logs: readonly OtlpEvent[];
}

type Json = Readonly<Record<string, unknown>>;

const NOT_JSON = 'is not a JSON object';

/**
 * Reads OTLP as JSON lines, as the Collector's file exporter writes them: each line an object with
 * `resourceSpans`, `resourceMetrics` or `resourceLogs`. A truncated last line is ignored, since the file may
 * still be written.
 * @throws UsageError if the file cannot be read, or has a line that is not OTLP
 */
export async function readOtlpLines(path: string): Promise<OtlpTelemetry> {
  const telemetry = { spans: [] as OtlpSpan[], points: [] as OtlpPoint[], logs: [] as OtlpEvent[] };
  const spanIds = new Set<string>();
  let invalid: { readonly line: number; readonly problem: string } | undefined;
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      number += 1;
      if (line.trim() === '') continue;
      if (invalid !== undefined) break;
      const parsed = parseJson(line);
      const problem = isRecord(parsed) ? addLine(parsed, telemetry, spanIds) : NOT_JSON;
      if (problem !== undefined) invalid = { line: number, problem };
    }
  } catch (error) {
    const reason = errorMessage(error);
    throw new UsageError(
      `Cannot read "${path}" (${reason}). Pass a file of OTLP JSON lines, or the URL of a store.`,
    );
  }
  const isTruncated = invalid?.line === number && invalid.line > 1 && invalid.problem === NOT_JSON;
  if (invalid !== undefined && !isTruncated) {
    throw new UsageError(
      `"${path}": line ${invalid.line} ${invalid.problem}, expected lines with resourceSpans, resourceMetrics or ` +
        "resourceLogs, as the Collector's file exporter writes them.",
    );
  }
  return telemetry;
}

/** Adds the telemetry in a line. Returns the problem of a line that is not OTLP. */
function addLine(
  line: Json,
  { spans, points, logs }: { spans: OtlpSpan[]; points: OtlpPoint[]; logs: OtlpEvent[] },
  spanIds: Set<string>,
): string | undefined {
  if (!['resourceSpans', 'resourceMetrics', 'resourceLogs'].some((key) => key in line)) {
    return 'has none of resourceSpans, resourceMetrics and resourceLogs';
  }
  for (const { item, resource } of itemsOf(line, 'resourceSpans', 'scopeSpans', 'spans')) {
    const span = spanOf(item, resource);
    const id = `${span.traceId}${span.spanId}`;
    // A batch that was sent again is in the file twice.
    if (!spanIds.has(id)) spans.push(span);
    spanIds.add(id);
  }
  for (const { item } of itemsOf(line, 'resourceMetrics', 'scopeMetrics', 'metrics'))
    points.push(...pointsOf(item));
  for (const { item } of itemsOf(line, 'resourceLogs', 'scopeLogs', 'logRecords')) {
    const name = nonEmptyTextOf(item['eventName']);
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
    parentSpanId: nonEmptyTextOf(item['parentSpanId']),
    start: millisOf(item['startTimeUnixNano']),
    end: millisOf(item['endTimeUnixNano']),
    attributes: attributesOf(item['attributes']),
    resource,
    failed:
      isRecord(item['status']) &&
      (item['status']['code'] === 2 || item['status']['code'] === 'STATUS_CODE_ERROR'),
    events: recordsOf(item['events']).map((event) => ({
      name: String(event['name'] ?? ''),
      at: millisOf(event['timeUnixNano']),
      attributes: attributesOf(event['attributes']),
    })),
  };
}

function pointsOf(item: Json): OtlpPoint[] {
  const data = item['gauge'] ?? item['sum'];
  return recordsOf(isRecord(data) ? data['dataPoints'] : undefined).map((point) => ({
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
  return recordsOf(line[resources]).flatMap((group) => {
    const resource = attributesOf(isRecord(group['resource']) ? group['resource']['attributes'] : undefined);
    return recordsOf(group[scopes]).flatMap((scope) =>
      recordsOf(scope[items]).map((item) => ({ item, resource })),
    );
  });
}

function attributesOf(list: unknown): OtlpAttributes {
  return Object.fromEntries(
    recordsOf(list).map((pair) => [String(pair['key']), plainValueOf(pair['value'])]),
  );
}

/** Converts a value of OTLP's JSON, in which 64-bit integers are strings. */
function plainValueOf(value: unknown): unknown {
  if (!isRecord(value)) return undefined;
  if ('intValue' in value) return Number(value['intValue']);
  if (isRecord(value['arrayValue'])) return recordsOf(value['arrayValue']['values']).map(plainValueOf);
  return value['stringValue'] ?? value['doubleValue'] ?? value['boolValue'];
}

/** Converts nanoseconds, a string or a number, to milliseconds. */
function millisOf(nano: unknown): number {
  return typeof nano === 'string' || typeof nano === 'number' ? Number(nano) / 1e6 : 0;
}

function nonEmptyTextOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
