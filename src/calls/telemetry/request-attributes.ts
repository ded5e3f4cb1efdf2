import type { CallPlan } from '../../providers/index.ts';
import type { Attributes } from '../../telemetry/api/index.ts';
import { semconv } from '../../telemetry/names/index.ts';
import { isRecord } from '../../util/index.ts';

/** The attributes that every metric of a call carries: the operation, the provider and the model. */
export function identityAttributes({
  endpoint,
  provider,
  model,
}: Pick<CallPlan, 'endpoint' | 'provider' | 'model'>): Attributes {
  const attributes: Attributes = {
    [semconv.ATTR_OPERATION_NAME]: endpoint.operation,
    [semconv.ATTR_PROVIDER_NAME]: provider.name,
  };
  if (model !== '') attributes[semconv.ATTR_REQUEST_MODEL] = model;
  if (provider.address !== undefined) {
    attributes[semconv.ATTR_SERVER_ADDRESS] = provider.address;
    attributes[semconv.ATTR_SERVER_PORT] = provider.port ?? 443;
  }
  return attributes;
}

/** The numeric fields of a request that have an attribute in the semantic conventions. */
const NUMERIC_FIELDS: readonly (readonly [field: string, attribute: string])[] = [
  ['temperature', semconv.ATTR_REQUEST_TEMPERATURE],
  ['top_p', semconv.ATTR_REQUEST_TOP_P],
  ['top_k', semconv.ATTR_REQUEST_TOP_K],
  ['frequency_penalty', semconv.ATTR_REQUEST_FREQUENCY_PENALTY],
  ['presence_penalty', semconv.ATTR_REQUEST_PRESENCE_PENALTY],
  ['seed', semconv.ATTR_REQUEST_SEED],
  ['dimensions', semconv.ATTR_EMBEDDINGS_DIMENSION_COUNT],
];

/** The attributes of a request, without its content; `identity` holds those that its metrics carry too. */
export function requestAttributes(plan: CallPlan): {
  readonly identity: Attributes;
  readonly attributes: Attributes;
} {
  const { body, endpoint } = plan;
  const identity = identityAttributes(plan);
  const attributes = { ...identity };
  const set = (name: string, value: string | number | boolean | string[] | undefined): void => {
    if (value !== undefined) attributes[name] = value;
  };
  for (const [field, attribute] of NUMERIC_FIELDS) {
    const value = body[field];
    if (typeof value === 'number' && Number.isFinite(value)) attributes[attribute] = value;
  }
  set(semconv.ATTR_OPENAI_API_TYPE, endpoint.apiType);
  set(semconv.ATTR_REQUEST_MAX_TOKENS, plan.requestedCap);
  if (plan.stream) set(semconv.ATTR_REQUEST_STREAM, true);
  if (plan.choices > 1) set(semconv.ATTR_REQUEST_CHOICE_COUNT, plan.choices);
  set(semconv.ATTR_REQUEST_STOP_SEQUENCES, strings(body['stop']));
  const format = body['encoding_format'];
  set(semconv.ATTR_REQUEST_ENCODING_FORMATS, typeof format === 'string' ? [format] : undefined);
  const tier = body['service_tier'];
  if (typeof tier === 'string' && tier !== 'auto') set(semconv.ATTR_OPENAI_REQUEST_SERVICE_TIER, tier);
  set(semconv.ATTR_OUTPUT_TYPE, endpoint.outputType ?? outputType(body));
  set(semconv.ATTR_REQUEST_REASONING_LEVEL, reasoningLevel(body));
  const { prompt } = body;
  set(semconv.ATTR_REQUEST_PREVIOUS_RESPONSE_ID, textOrNone(body['previous_response_id']));
  if (isRecord(prompt)) {
    set(semconv.ATTR_PROMPT_NAME, textOrNone(prompt['id']));
    set(semconv.ATTR_PROMPT_VERSION, textOrNone(prompt['version']));
  }
  set(semconv.ATTR_AGENT_ID, textOrNone(body['assistant_id']));
  if (isCompacted(body['input'])) set(semconv.ATTR_CONVERSATION_COMPACTED, true);
  const conversation = isRecord(body['conversation']) ? body['conversation']['id'] : body['conversation'];
  set(semconv.ATTR_CONVERSATION_ID, textOrNone(conversation));
  return { identity, attributes };
}

/** The effort of reasoning as Chat, Responses or Anthropic's Messages name it. */
function reasoningLevel(body: Readonly<Record<string, unknown>>): string | undefined {
  const { reasoning_effort: effort, reasoning, output_config: config } = body;
  const nested = isRecord(reasoning) ? reasoning['effort'] : isRecord(config) ? config['effort'] : undefined;
  return textOrNone(effort ?? nested);
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Whether the input has the result of a compaction. */
function isCompacted(input: unknown): boolean {
  return Array.isArray(input) && input.some((item) => isRecord(item) && item['type'] === 'compaction');
}

function strings(value: unknown): string[] | undefined {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
}

/** The value of `gen_ai.output.type`; undefined if the request does not say. */
function outputType(body: Readonly<Record<string, unknown>>): string | undefined {
  const format = body['response_format'] ?? (isRecord(body['text']) ? body['text']['format'] : undefined);
  const type = isRecord(format) ? format['type'] : undefined;
  if (type === 'json_schema' || type === 'json_object') return 'json';
  if (type === 'text') return 'text';
  return Array.isArray(body['modalities']) && body['modalities'].includes('audio') ? 'speech' : undefined;
}
