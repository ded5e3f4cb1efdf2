import type { Entry } from '../telemetry-docs.ts';
import type { Deprecation, Model } from './model.ts';

/** What a name is, compared with the conventions. */
export interface Finding {
  readonly name: string;
  /**
   * `ok`; `proposed`: marked as such, and not in the conventions; `merged`: still marked as proposed; `missing`: not
   * in the conventions; `renamed` or `deprecated` there; `different`: of another type, kind or unit.
   */
  readonly result: 'ok' | 'proposed' | 'merged' | 'missing' | 'renamed' | 'deprecated' | 'different';
  readonly details: string;
}

/** The namespaces that are compared; `server.*` and `error.*` are those of another repository. */
const NAMESPACES = ['gen_ai.', 'openai.'];

/** Compares the names that we emit with those of the conventions, in the namespaces that the model defines. */
export function compareNames(entries: readonly Entry[], model: Model): Finding[] {
  const defined = namespacesOf(model);
  return entries
    .filter(({ name }) => defined.some((namespace) => name.startsWith(namespace)))
    .map((entry) => compareName(entry, model));
}

/** Those of vendors may be defined where the model depends on, in open-telemetry/semantic-conventions. */
function namespacesOf({ attributes }: Model): string[] {
  return NAMESPACES.filter((namespace) => [...attributes.keys()].some((name) => name.startsWith(namespace)));
}

/** Whether a finding is a mistake. */
export function isMistake({ result }: Finding): boolean {
  return result !== 'ok' && result !== 'proposed';
}

function compareName(entry: Entry, model: Model): Finding {
  const { name, constant, tags } = entry;
  const kind = constant.startsWith('METRIC_')
    ? 'metrics'
    : constant.startsWith('EVENT_')
      ? 'events'
      : 'attributes';
  const definition: { readonly deprecated?: Deprecation } | undefined = model[kind].get(name);
  const { proposed } = tags;
  if (definition === undefined)
    return proposed === undefined
      ? { name, result: 'missing', details: `not among the ${kind} of the conventions` }
      : { name, result: 'proposed', details: proposed };
  const { deprecated } = definition;
  if (deprecated?.renamedTo !== undefined)
    return { name, result: 'renamed', details: `to ${deprecated.renamedTo}` };
  if (deprecated !== undefined) return { name, result: 'deprecated', details: '' };
  const difference = differenceOf(entry, model);
  if (difference !== undefined) return { name, result: 'different', details: difference };
  return proposed === undefined
    ? { name, result: 'ok', details: '' }
    : { name, result: 'merged', details: `remove @proposed ${proposed}` };
}

function differenceOf(entry: Entry, model: Model): string | undefined {
  const { name, tags } = entry;
  const metric = model.metrics.get(name);
  if (metric !== undefined) {
    const { kind = '', unit = '' } = tags;
    if (metric.instrument !== kind) return `kind: ours ${kind}, theirs ${metric.instrument}`;
    return metric.unit === unit ? undefined : `unit: ours ${unit}, theirs ${metric.unit}`;
  }
  const attribute = model.attributes.get(name);
  if (attribute === undefined || attribute.type === 'any') return undefined;
  const type = attributeType(entry);
  return attribute.type === type ? undefined : `type: ours ${type}, theirs ${attribute.type}`;
}

/** The type of an attribute: that of its tag, or of its example. */
export function attributeType({ tags }: Pick<Entry, 'tags'>): string {
  const { type, example = '' } = tags;
  if (type !== undefined) return type;
  if (example.startsWith('[')) return 'string[]';
  if (example === 'true' || example === 'false') return 'boolean';
  if (/^-?\d+$/.test(example)) return 'int';
  return /^-?\d+\.\d+$/.test(example) ? 'double' : 'string';
}

/** The attributes of spans that the conventions have and we do not emit, with how far they are required. */
export function attributesNotEmitted(
  entries: readonly Entry[],
  model: Model,
  types: readonly string[],
): { readonly span: string; readonly name: string; readonly level: string }[] {
  const emitted = new Set(entries.map(({ name }) => name));
  const defined = namespacesOf(model);
  return types.flatMap((span) =>
    (model.spans.get(span) ?? [])
      .filter(({ name }) => defined.some((namespace) => name.startsWith(namespace)) && !emitted.has(name))
      .map((attribute) => ({ span, ...attribute })),
  );
}
