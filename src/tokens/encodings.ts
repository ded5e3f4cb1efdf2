import { BoundedMap } from '../util/index.ts';

/** The encodings of OpenAI's text models; js-tiktoken publishes the ranks of each. */
export type EncodingName = 'o200k_base' | 'cl100k_base';

/**
 * Families by the start of a model's name, first match wins; a name that matches none is o200k_base, as is
 * every model since gpt-4o.
 *
 * Source: https://github.com/openai/tiktoken/blob/main/tiktoken/model.py, which also says why this differs
 * from js-tiktoken: davinci-002 and babbage-002 are cl100k_base (js-tiktoken 1.0.21 has older encodings).
 */
const FAMILIES: readonly (readonly [RegExp, EncodingName])[] = [
  [/^gpt-(?:3\.5|35)-?/, 'cl100k_base'],
  [/^gpt-4(?![o.\d])/, 'cl100k_base'],
  [/^text-embedding-/, 'cl100k_base'],
  [/^(?:davinci|babbage)-002/, 'cl100k_base'],
];

/** Names that reveal their family; others (Azure deployments, aliases of gateways) could be any model. */
const KNOWN =
  /^(?:gpt-(?:\d|audio|realtime)|chatgpt-|codex-|o\d|computer-use|text-embedding-|babbage-002|davinci-002)/;

/**
 * Returns the part of a model's name that determines its family: `ft:gpt-4o-mini:org::id` is gpt-4o-mini
 * (fine-tuned), `openai/gpt-4o` is gpt-4o (gateways).
 */
export function baseModel(model: string): string {
  const name = model.trim().toLowerCase();
  const tuned = name.startsWith('ft:') ? (name.split(':')[1] ?? name) : name;
  return tuned.slice(tuned.lastIndexOf('/') + 1);
}

/**
 * Returns the encoding of a model by its family: dated, fine-tuned and Azure names (gpt-35-turbo) resolve to
 * their base.
 */
export function encodingForModel(model: string): EncodingName {
  const name = baseModel(model);
  return FAMILIES.find(([family]) => family.test(name))?.[1] ?? 'o200k_base';
}

/** Whether a name reveals the model's family; an Azure deployment can have any name. */
export function isKnownModel(model: string): boolean {
  return KNOWN.test(baseModel(model));
}

/** What names a version of a model: `-2024-07-18`, `-0613`, `-20250929`, `-latest`, `-preview`. */
const VERSION = /-(?:\d{4}-\d{2}-\d{2}|\d{4}|\d{6}|\d{8}|latest|preview)(?=-|$)/g;

/** Whether a name is a version of a model, or the model of a version: `gpt-4o-2024-08-06` of `gpt-4o`. */
export function isSnapshotOf(name: string, model: string): boolean {
  return name === model || unversioned(name) === unversioned(model);
}

/** A program uses few models, and asks for each call. */
const unversionedNames = new BoundedMap<string, string>(100);

function unversioned(model: string): string {
  const known = unversionedNames.get(model);
  if (known !== undefined) return known;
  const name = baseModel(model).replace(VERSION, '');
  unversionedNames.set(model, name);
  return name;
}

/** Models of other vendors, whose encodings are not published or not supported. */
const OTHER_VENDORS =
  /claude|gemini|gemma|llama|mi[sx]tral|ministral|codestral|magistral|command-|deepseek|grok|qwen|kimi|sonar|nova-/;

/**
 * Whether a model has an encoding that is not OpenAI's: its tokens are estimated with one of OpenAI's, and
 * bounded by bytes alone.
 */
export function isOthersModel(model: string): boolean {
  return OTHER_VENDORS.test(baseModel(model));
}
