import { type CallPlan, planRequest, withProviderName } from '../../providers/index.ts';
import { chatContentOf } from './content.ts';
import { chatRequestOf } from './prompt.ts';

/** A model of the AI SDK, of any specification version. */
export interface Model {
  /** For example `openai.responses` or `anthropic.messages`. */
  readonly provider: string;
  readonly modelId: string;
}

/** The options of a call of a model. */
export type Params = Readonly<Record<string, unknown>> & { readonly abortSignal?: AbortSignal };

/** The values of `gen_ai.provider.name`, by the name in the AI SDK, if they differ. */
const PROVIDER_NAMES: Readonly<Record<string, string>> = {
  azure: 'azure.ai.openai',
  google: 'gcp.gemini',
  vertex: 'gcp.vertex_ai',
  'amazon-bedrock': 'aws.bedrock',
  bedrock: 'aws.bedrock',
  mistral: 'mistral_ai',
  xai: 'x_ai',
};

/** Plans a call of a language model; undefined if it is not metered. */
export function chatPlan(model: Model, params: Params, stream: boolean): CallPlan | undefined {
  const request = (name: string): object => ({ ...chatRequestOf(name, params), stream });
  const plan = planCall(model, params, '/chat/completions', request);
  return plan && { ...plan, contentBody: () => chatContentOf(params) };
}

/** Plans a call of an embedding model; undefined if it is not metered. */
export function embeddingPlan(model: Model, params: Params): CallPlan | undefined {
  return planCall(model, params, '/embeddings', (name) => ({ model: name, input: params['values'] }));
}

function planCall(
  model: Model,
  { abortSignal }: Params,
  path: string,
  body: (model: string) => object,
): CallPlan | undefined {
  const { name, provider } = namesOf(model);
  const signal = abortSignal === undefined ? {} : { signal: abortSignal };
  const plan = planRequest({}, { method: 'post', path, body: body(name), ...signal });
  if (plan === undefined) return undefined;
  const { apiType: _, ...endpoint } = plan.endpoint;
  return { ...withProviderName(plan, provider), endpoint };
}

/** A gateway names the provider in the model: `anthropic/claude-sonnet-4-6`. */
function namesOf({ provider, modelId }: Model): { name: string; provider: string } {
  const slash = modelId.indexOf('/');
  const isGateway = provider === 'gateway' && slash > 0;
  const family = isGateway ? modelId.slice(0, slash) : (provider.split('.')[0] ?? provider);
  return { name: isGateway ? modelId.slice(slash + 1) : modelId, provider: PROVIDER_NAMES[family] ?? family };
}
