import type { Link, SpanContext } from '@opentelemetry/api';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

/**
 * A span context as plain data.
 *
 * Telemetry is serialized to send it to another thread. Objects with methods (span contexts, trace states,
 * resources) become data here; the worker restores their methods.
 */
export interface SerializedSpanContext extends Omit<SpanContext, 'traceState'> {
  readonly traceState?: string;
}

interface SerializedResource {
  readonly attributes: Record<string, unknown>;
  readonly schemaUrl?: string;
}

type Resource = ReadableSpan['resource'];

/**
 * Serializes each resource once. Exporters group items by resource, so items that share one must still share
 * it.
 */
class ResourceSerializer {
  readonly #serialized = new Map<Resource, SerializedResource>();

  serialize(resource: Resource): SerializedResource {
    let serialized = this.#serialized.get(resource);
    if (serialized === undefined) {
      const { schemaUrl } = resource as { schemaUrl?: string };
      serialized = {
        attributes: { ...resource.attributes },
        ...(schemaUrl === undefined ? {} : { schemaUrl }),
      };
      this.#serialized.set(resource, serialized);
    }
    return serialized;
  }
}

/** Serializes spans. */
export function serializeSpans(spans: readonly ReadableSpan[]): unknown[] {
  const resources = new ResourceSerializer();
  return spans.map((span) => ({
    name: span.name,
    kind: span.kind,
    context: serializeSpanContext(span.spanContext()),
    parentSpanContext: span.parentSpanContext && serializeSpanContext(span.parentSpanContext),
    startTime: span.startTime,
    endTime: span.endTime,
    duration: span.duration,
    ended: span.ended,
    status: span.status,
    attributes: span.attributes,
    links: span.links.map((link: Link) => ({ ...link, context: serializeSpanContext(link.context) })),
    events: span.events,
    resource: resources.serialize(span.resource),
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  }));
}

/** Serializes log records. */
export function serializeLogRecords(records: readonly ReadableLogRecord[]): unknown[] {
  const resources = new ResourceSerializer();
  return records.map((record) => ({
    hrTime: record.hrTime,
    hrTimeObserved: record.hrTimeObserved,
    context: record.spanContext && serializeSpanContext(record.spanContext),
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

/** Serializes metrics. */
export function serializeMetrics(metrics: ResourceMetrics): unknown {
  return {
    resource: new ResourceSerializer().serialize(metrics.resource),
    scopeMetrics: metrics.scopeMetrics.map(({ scope, metrics: all }) => ({
      scope: { name: scope.name, version: scope.version, schemaUrl: scope.schemaUrl },
      metrics: all,
    })),
  };
}

function serializeSpanContext(context: SpanContext): SerializedSpanContext {
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
