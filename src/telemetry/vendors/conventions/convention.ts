import type { UsageKind } from '../../../usage/index.ts';
import { type Fields, fieldsOf, parseJson } from '../../../util/index.ts';
import type { SpanAttributes } from '../sdk-span.ts';

/**
 * How a family of instrumentations reports a model call in span attributes. Of several names, the first one
 * present is used.
 */
export interface SpanConvention {
  /**
   * The attribute that states the kind of a span, and its values for a single model call. Spans with other
   * values sum such calls, or are none.
   */
  readonly kind: { readonly attribute: string; readonly calls: readonly string[] };
  /** Tokens by kind. `input` and `output` are totals. */
  readonly tokens?: Partial<Readonly<Record<UsageKind, readonly string[]>>>;
  /** Reads tokens from an attribute that holds JSON. */
  readonly parsed?: (attributes: SpanAttributes) => Partial<Record<UsageKind, unknown>>;
  /** The model of the response, then of the request. */
  readonly model?: readonly string[];
  /** The provider. */
  readonly provider?: readonly string[];
  /** The tier that served the request. */
  readonly serviceTier?: readonly string[];
  /** The id of the response. */
  readonly responseId?: readonly string[];
  /** Attributes that hold the whole response as JSON. */
  readonly response?: readonly string[];
}

/** Characters. A longer text is content, not usage. */
const MAX_USAGE_LENGTH = 10_000;

/** Parses an attribute that holds a JSON object; returns an empty object for anything else. */
export function parseJsonAttribute(attributes: SpanAttributes, name: string): Fields {
  const text = attributes[name];
  if (typeof text !== 'string' || text.length > MAX_USAGE_LENGTH) return {};
  return fieldsOf(parseJson(text));
}
