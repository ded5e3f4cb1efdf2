import { type CallPlan, planRequest, withProviderName } from '../../providers/index.ts';
import { chatRequestOf } from './prompt.ts';

/** A model of the AI SDK, of any specification. */
export interface Model {
  /** Such as `openai.responses` or `anthropic.messages`. */
  readonly provider: string;
  readonly modelId: string;
}

/** What a call of a model is asked with. */
export type Params = Readonly<Record<string, unknown>> & { readonly abortSignal?: AbortSignal };

/** Names of `gen_ai.provider.name`, where the AI SDK has another. */
const PROVIDERS: Readonly<Record<string, string>> = {
  azure: 'azure.ai.openai',
  google: 'gcp.gemini',
  vertex: 'gcp.vertex_ai',
  'amazon-bedrock': 'aws.bedrock',
  bedrock: 'aws.bedrock',
  mistral: 'mistral_ai',
  xai: 'x_ai',
};

/** The plan of a call of a language model. */
export function chatPlan(model: Model, params: Params, stream: boolean): CallPlan | undefined {
  return plan(model, params, '/chat/completions', (name) => ({ ...chatRequestOf(name, params), stream }));
}

/** The plan of a call of an embedding model. */
export function embeddingPlan(model: Model, params: Params): CallPlan | undefined {
  return plan(model, params, '/embeddings', (name) => ({ model: name, input: params['values'] }));
}

function plan(
  model: Model,
  { abortSignal }: Params,
  path: string,
  body: (model: string) => object,
): CallPlan | undefined {
  const { name, provider } = namesOf(model);
  const signal = abortSignal === undefined ? {} : { signal: abortSignal };
  const made = planRequest({}, { method: 'post', path, body: body(name), ...signal });
  if (made === undefined) return undefined;
  const { apiType: _, ...endpoint } = made.endpoint;
  return { ...withProviderName(made, provider), endpoint };
}

/** A gateway names the provider in the model: `anthropic/claude-sonnet-4-6`. */
function namesOf({ provider, modelId }: Model): { name: string; provider: string } {
  const slash = modelId.indexOf('/');
  const ofGateway = provider === 'gateway' && slash > 0;
  const family = ofGateway ? modelId.slice(0, slash) : (provider.split('.')[0] ?? provider);
  return { name: ofGateway ? modelId.slice(slash + 1) : modelId, provider: PROVIDERS[family] ?? family };
}
