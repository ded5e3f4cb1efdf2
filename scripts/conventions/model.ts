import { parse } from 'yaml';

/** An attribute that the conventions define. */
export interface AttributeDefinition {
  /** `string`, `int`, `double`, `boolean`, `any` or a list of them, such as `string[]`; an enum has that of its values. */
  readonly type: string;
  readonly deprecated?: Deprecation;
}

/** A metric that the conventions define. */
export interface MetricDefinition {
  /** `counter`, `histogram` and so on. */
  readonly instrument: string;
  readonly unit: string;
  readonly deprecated?: Deprecation;
}

export interface Deprecation {
  readonly renamedTo?: string;
}

/** An attribute of a span, with how far it is required: `required`, `recommended`, `opt_in` and so on. */
export interface SpanAttribute {
  readonly name: string;
  readonly level: string;
}

/** What the conventions define, by name. */
export interface Model {
  readonly attributes: ReadonlyMap<string, AttributeDefinition>;
  readonly metrics: ReadonlyMap<string, MetricDefinition>;
  readonly events: ReadonlyMap<string, { readonly deprecated?: Deprecation }>;
  /** The attributes of each type of span. */
  readonly spans: ReadonlyMap<string, readonly SpanAttribute[]>;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads the files of a model, in the format `definition/2` of https://github.com/open-telemetry/weaver. */
export function readModel(files: readonly string[]): Model {
  const documents = files.map((text) => fieldsOf(parse(text)));
  const all = (key: string): Fields[] => documents.flatMap((document) => recordsOf(document[key]));
  const groups = new Map(all('attribute_groups').map((group) => [String(group['id']), group]));
  const named = <T>(key: string, name: string, read: (one: Fields) => T): Map<string, T> =>
    new Map(all(key).map((one) => [String(one[name]), read(one)]));
  return {
    attributes: named('attributes', 'key', (one) => ({ type: typeOf(one['type']), ...deprecationOf(one) })),
    metrics: named('metrics', 'name', (one) => ({
      instrument: String(one['instrument']),
      unit: String(one['unit']),
      ...deprecationOf(one),
    })),
    events: named('events', 'name', deprecationOf),
    spans: named('spans', 'type', (one) => spanAttributes(one, groups)),
  };
}

/** An enum has the type of the values of its members. */
function typeOf(type: unknown): string {
  if (typeof type === 'string') return type;
  const [member] = recordsOf(fieldsOf(type)['members']);
  const value = member?.['value'];
  return typeof value === 'number' ? 'int' : 'string';
}

function deprecationOf(definition: Fields): { readonly deprecated?: Deprecation } {
  const { deprecated } = definition;
  if (deprecated === undefined) return {};
  const { renamed_to: renamedTo } = fieldsOf(deprecated);
  return { deprecated: typeof renamedTo === 'string' ? { renamedTo } : {} };
}

/** A group includes others; what refers to an attribute last sets its level. */
function spanAttributes(group: Fields, groups: ReadonlyMap<string, Fields>): SpanAttribute[] {
  const levels = new Map<string, string>();
  for (const one of recordsOf(group['attributes'])) {
    const included = groups.get(String(one['ref_group']));
    if (included !== undefined)
      for (const { name, level } of spanAttributes(included, groups)) levels.set(name, level);
    if (typeof one['ref'] === 'string')
      levels.set(one['ref'], levelOf(one['requirement_level']) ?? levels.get(one['ref']) ?? 'recommended');
  }
  return [...levels].map(([name, level]) => ({ name, level }));
}

/** A level with a condition is an object with one key. */
function levelOf(level: unknown): string | undefined {
  return typeof level === 'string' ? level : Object.keys(fieldsOf(level))[0];
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function recordsOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}
