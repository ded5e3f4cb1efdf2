import type { CallPlan } from '../../providers/index.ts';
import { isRecord } from '../../util/index.ts';

/**
 * Whether a request that reaches a lower layer is the one that a layer above sends, and not another one that a
 * guardrail, a router or a cache makes on the way. Where it cannot be told, it is taken for another one, and
 * charged.
 *
 * Between an SDK and a `fetch`, the request has to be the same but for what this package puts in; what is
 * added must not change what the call costs. A provider below a middleware writes the prompt in its own way: there
 * what the user says has to be in the request.
 * @param outer the request of the layer above
 * @param inner the request that is sent on
 */
export function isSameRequest(outer: CallPlan, isMiddleware: boolean, inner: CallPlan): boolean {
  if (inner.choices > outer.choices) return false;
  return isMiddleware ? saysTheSame(outer, inner) : hasSameFields(outer, inner);
}

/** The fields that this package puts into a request, beside its cap. */
const OWN_FIELDS = new Set(['stream', 'stream_options']);

/** The fields that change what a call costs where the request above does not have them. */
const COSTLY_FIELDS = new Set([
  'messages',
  'input',
  'prompt',
  'instructions',
  'system',
  'tools',
  'functions',
  'response_format',
  'text',
  'n',
  'best_of',
  'service_tier',
  'modalities',
  'audio',
  'reasoning',
  'reasoning_effort',
  'web_search_options',
  'previous_response_id',
  'conversation',
  'models',
  'size',
  'quality',
  'seconds',
  'image',
  'mask',
  'file',
]);

function hasSameFields(outer: CallPlan, inner: CallPlan): boolean {
  if (inner.endpoint.name !== outer.endpoint.name || inner.outputCap > outer.outputCap) return false;
  for (const field of new Set([...Object.keys(outer.body), ...Object.keys(inner.body)])) {
    if (OWN_FIELDS.has(field) || field === outer.capField || field === inner.capField) continue;
    const [asked, sent] = [outer.body[field], inner.body[field]];
    if (field === 'model' ? withoutPrefix(sent) === withoutPrefix(asked) : isSameJson(asked, sent)) continue;
    if (asked !== undefined || COSTLY_FIELDS.has(field)) return false;
  }
  return true;
}

/** Whether two values are the same in JSON, or are files of the same size. */
function isSameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (one instanceof Blob) return other instanceof Blob && one.size === other.size;
  if (Array.isArray(one)) {
    if (!Array.isArray(other) || one.length !== other.length) return false;
    return one.every((item, index) => isSameJson(item ?? null, other[index] ?? null));
  }
  if (!isRecord(one) || !isRecord(other)) return false;
  const keys = Object.keys(one).filter((key) => one[key] !== undefined);
  const others = Object.keys(other).filter((key) => other[key] !== undefined);
  return keys.length === others.length && keys.every((key) => isSameJson(one[key], other[key]));
}

/** A gateway names the provider in the model: `anthropic/claude-sonnet-4-6`. */
function withoutPrefix(model: unknown): unknown {
  return typeof model === 'string' ? model.slice(model.lastIndexOf('/') + 1) : model;
}

/** Whether everything that the user says to a middleware is in a request, and no more files than it has. */
function saysTheSame(outer: CallPlan, inner: CallPlan): boolean {
  // A provider may name the model in the URL.
  if (inner.model !== '' && withoutPrefix(inner.model) !== withoutPrefix(outer.model)) return false;
  const asked = contentOf(fromUser(outer.body));
  const sent = contentOf(inner.body);
  if (sent.files > contentOf(outer.body).files) return false;
  return [...asked.texts].every(([text, times]) => (sent.texts.get(text) ?? 0) >= times);
}

/**
 * Returns what the user says of a request. A provider may leave out what the model said, as reasoning or as an
 * item that the service has, write the results of tools in its own way, and add instructions.
 */
function fromUser(body: CallPlan['body']): CallPlan['body'] {
  const messages = body['messages'];
  if (!Array.isArray(messages)) return body;
  return { messages: messages.filter((message) => isRecord(message) && message['role'] === 'user') };
}

const PROMPT_FIELDS = ['messages', 'input', 'prompt', 'instructions', 'system'];

/** The fields of the parts of a prompt that have texts, in every API. */
const TEXT_FIELDS = ['content', 'text', 'output'];

/** The types of parts that are files, in every API. */
const FILE_TYPE = /image|file|audio|video|document/;

interface Content {
  /** How often each text is in the prompt; of a prompt that is tokens, the tokens. */
  readonly texts: Map<string, number>;
  files: number;
}

function contentOf(body: CallPlan['body']): Content {
  const content: Content = { texts: new Map(), files: 0 };
  const collect = (value: unknown): void => {
    if (typeof value === 'string' || typeof value === 'number')
      content.texts.set(String(value), (content.texts.get(String(value)) ?? 0) + 1);
    else if (Array.isArray(value)) value.forEach(collect);
    else if (isRecord(value)) {
      if (typeof value['type'] === 'string' && FILE_TYPE.test(value['type'])) content.files += 1;
      for (const field of TEXT_FIELDS) collect(value[field]);
    }
  };
  for (const field of PROMPT_FIELDS) collect(body[field]);
  return content;
}
