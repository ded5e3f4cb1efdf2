import type { Link, SpanContext } from '@opentelemetry/api';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

/**
 * Telemetry as plain data, which can be sent to another thread: what has methods (span contexts, trace
 * states, resources) becomes data here and is given its methods back there.
 */
export interface SerializedSpanContext extends Omit<SpanContext, 'traceState'> {
  readonly traceState?: string;
}

interface SerializedResource {
  readonly attributes: Record<string, unknown>;
  readonly schemaUrl?: string;
}

type Resource = ReadableSpan['resource'];

/** Items that share a resource share its plain form, by which the exporters group them. */
class ResourceSerializer {
  readonly #plain = new Map<Resource, SerializedResource>();

  serialize(resource: Resource): SerializedResource {
    let plain = this.#plain.get(resource);
    if (plain === undefined) {
      const { schemaUrl } = resource as { schemaUrl?: string };
      plain = { attributes: { ...resource.attributes }, ...(schemaUrl === undefined ? {} : { schemaUrl }) };
      this.#plain.set(resource, plain);
    }
    return plain;
  }
}

export function serializeSpans(spans: readonly ReadableSpan[]): unknown[] {
  const resources = new ResourceSerializer();
  return spans.map((span) => ({
    name: span.name,
    kind: span.kind,
    context: plainContext(span.spanContext()),
    parentSpanContext: span.parentSpanContext && plainContext(span.parentSpanContext),
    startTime: span.startTime,
    endTime: span.endTime,
    duration: span.duration,
    ended: span.ended,
    status: span.status,
    attributes: span.attributes,
    links: span.links.map((link: Link) => ({ ...link, context: plainContext(link.context) })),
    events: span.events,
    resource: resources.serialize(span.resource),
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  }));
}

export function serializeLogRecords(records: readonly ReadableLogRecord[]): unknown[] {
  const resources = new ResourceSerializer();
  return records.map((record) => ({
    hrTime: record.hrTime,
    hrTimeObserved: record.hrTimeObserved,
    context: record.spanContext && plainContext(record.spanContext),
    severityText: record.severityText,
    severityNumber: record.severityNumber,
    body: record.body,
    eventName: record.eventName,
    resource: resources.serialize(record.resource),
    instrumentationScope: record.instrumentationScope,
    attributes: record.attributes,
    droppedAttributesCount: record.droppedAttributesCount,
  }));
}

export function serializeMetrics(metrics: ResourceMetrics): unknown {
  return {
    resource: new ResourceSerializer().serialize(metrics.resource),
    scopeMetrics: metrics.scopeMetrics.map(({ scope, metrics: all }) => ({
      scope: { name: scope.name, version: scope.version, schemaUrl: scope.schemaUrl },
      metrics: all,
    })),
  };
}

function plainContext(context: SpanContext): SerializedSpanContext {
  const { traceState, ...rest } = context;
  const { traceId, spanId, traceFlags, isRemote } = rest;
  return {
    traceId,
    spanId,
    traceFlags,
    ...(isRemote === undefined ? {} : { isRemote }),
    ...(traceState === undefined ? {} : { traceState: traceState.serialize() }),
  };
}
