import type { Attributes } from '@opentelemetry/api';
import type { UsageKind } from '../../../usage/index.ts';

/**
 * How one family of instrumentations tells a model call in the attributes of its span. The first name that is
 * there counts.
 */
export interface SpanConvention {
  /**
   * The attribute that says what a span is, and its values that are one call of a model. Others sum such
   * calls, or are none.
   */
  readonly kind: { readonly attribute: string; readonly calls: readonly string[] };
  /** Tokens by kind. `input` and `output` are totals. */
  readonly tokens?: Partial<Readonly<Record<UsageKind, readonly string[]>>>;
  /** Tokens that stand in an attribute as JSON. */
  readonly parsed?: (attributes: Attributes) => Partial<Record<UsageKind, unknown>>;
  /** The model that answered, else the one that was asked for. */
  readonly model?: readonly string[];
  readonly provider?: readonly string[];
  readonly serviceTier?: readonly string[];
  /** The id of the response, and the attributes that hold the whole response as JSON. */
  readonly responseId?: readonly string[];
  readonly response?: readonly string[];
}

/** Longer texts are content, not usage. */
const LONGEST_USAGE = 10_000;

/** An attribute that is a JSON object, as one; an empty object for anything else. */
export function parseJsonAttribute(attributes: Attributes, name: string): Readonly<Record<string, unknown>> {
  const text = attributes[name];
  if (typeof text !== 'string' || text.length > LONGEST_USAGE) return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
