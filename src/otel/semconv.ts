/**
 * Every attribute, metric and event name that this package emits or reads of its own spans.
 *
 * The `gen_ai.*` and `openai.*` names follow open-telemetry/semantic-conventions-genai, status
 * Development, as of commit 002c8a6 (docs/gen-ai/openai.md, gen-ai-metrics.md); the conventions left
 * @opentelemetry/semantic-conventions with its version 1.45 and have no release of their own yet.
 * `gen_ai.usage.cost.*` is as proposed in that repository's pull request 443.
 */

export const ATTR_ERROR_TYPE = 'error.type';
export const ATTR_SERVER_ADDRESS = 'server.address';
export const ATTR_SERVER_PORT = 'server.port';

export const ATTR_OPERATION_NAME = 'gen_ai.operation.name';
export const ATTR_PROVIDER_NAME = 'gen_ai.provider.name';
export const ATTR_CONVERSATION_ID = 'gen_ai.conversation.id';
export const ATTR_OUTPUT_TYPE = 'gen_ai.output.type';

export const ATTR_REQUEST_MODEL = 'gen_ai.request.model';
export const ATTR_REQUEST_CHOICE_COUNT = 'gen_ai.request.choice.count';
export const ATTR_REQUEST_ENCODING_FORMATS = 'gen_ai.request.encoding_formats';
export const ATTR_REQUEST_FREQUENCY_PENALTY = 'gen_ai.request.frequency_penalty';
export const ATTR_REQUEST_MAX_TOKENS = 'gen_ai.request.max_tokens';
export const ATTR_REQUEST_PRESENCE_PENALTY = 'gen_ai.request.presence_penalty';
export const ATTR_REQUEST_SEED = 'gen_ai.request.seed';
export const ATTR_REQUEST_STOP_SEQUENCES = 'gen_ai.request.stop_sequences';
export const ATTR_REQUEST_STREAM = 'gen_ai.request.stream';
export const ATTR_REQUEST_TEMPERATURE = 'gen_ai.request.temperature';
export const ATTR_REQUEST_TOP_P = 'gen_ai.request.top_p';
export const ATTR_EMBEDDINGS_DIMENSION_COUNT = 'gen_ai.embeddings.dimension.count';

export const ATTR_RESPONSE_FINISH_REASONS = 'gen_ai.response.finish_reasons';
export const ATTR_RESPONSE_ID = 'gen_ai.response.id';
export const ATTR_RESPONSE_MODEL = 'gen_ai.response.model';
export const ATTR_RESPONSE_TIME_TO_FIRST_CHUNK = 'gen_ai.response.time_to_first_chunk';

export const ATTR_USAGE_INPUT_TOKENS = 'gen_ai.usage.input_tokens';
export const ATTR_USAGE_OUTPUT_TOKENS = 'gen_ai.usage.output_tokens';
export const ATTR_USAGE_CACHE_READ = 'gen_ai.usage.cache_read.input_tokens';
export const ATTR_USAGE_CACHE_CREATION = 'gen_ai.usage.cache_creation.input_tokens';
export const ATTR_USAGE_REASONING = 'gen_ai.usage.reasoning.output_tokens';
export const ATTR_USAGE_AUDIO_INPUT = 'gen_ai.usage.audio.input_tokens';
export const ATTR_USAGE_AUDIO_OUTPUT = 'gen_ai.usage.audio.output_tokens';
export const ATTR_USAGE_IMAGE_INPUT = 'gen_ai.usage.image.input_tokens';
export const ATTR_USAGE_COST_AMOUNT = 'gen_ai.usage.cost.amount';
export const ATTR_USAGE_COST_CURRENCY = 'gen_ai.usage.cost.currency';
export const ATTR_USAGE_COST_SOURCE = 'gen_ai.usage.cost.source';

export const ATTR_INPUT_MESSAGES = 'gen_ai.input.messages';
export const ATTR_OUTPUT_MESSAGES = 'gen_ai.output.messages';
export const ATTR_SYSTEM_INSTRUCTIONS = 'gen_ai.system_instructions';
export const ATTR_TOKEN_TYPE = 'gen_ai.token.type';

export const ATTR_OPENAI_API_TYPE = 'openai.api.type';
export const ATTR_OPENAI_REQUEST_SERVICE_TIER = 'openai.request.service_tier';
export const ATTR_OPENAI_RESPONSE_SERVICE_TIER = 'openai.response.service_tier';
export const ATTR_OPENAI_RESPONSE_SYSTEM_FINGERPRINT = 'openai.response.system_fingerprint';

/** Ours: the budget's name. */
export const ATTR_BUDGET_NAME = 'token_budget.name';
/** Ours: what admission said: `admit`, `clamp` (admitted with a lower output cap) or `deny`. */
export const ATTR_BUDGET_DECISION = 'token_budget.decision';
/** Ours: `observe`, `soft` or `strict`. */
export const ATTR_BUDGET_MODE = 'token_budget.mode';
/** Ours: the output cap that the caller asked for, tokens; absent where it set none. */
export const ATTR_BUDGET_CAP_ASKED = 'token_budget.cap.asked';
/** Ours: the output cap that was sent, tokens, where it is not what the caller asked for. */
export const ATTR_BUDGET_CAP_SENT = 'token_budget.cap.sent';
/** Ours: what was reserved for the call, USD and tokens. */
export const ATTR_BUDGET_RESERVED_COST = 'token_budget.reserved.cost';
export const ATTR_BUDGET_RESERVED_TOKENS = 'token_budget.reserved.tokens';
/** Ours: the exact charge of the call, an integer of nano-USD. */
export const ATTR_BUDGET_COST_NANO_USD = 'token_budget.cost.nano_usd';
/** Ours: what earlier attempts of the call were charged, USD: they failed after they were sent, and may have been billed. */
export const ATTR_BUDGET_ATTEMPTS_COST = 'token_budget.attempts.cost';
/** Ours: where the usage comes from: `response` or `local` (counted here), or `reservation` (worst case). */
export const ATTR_BUDGET_USAGE_SOURCE = 'token_budget.usage.source';
/** Ours: where the price comes from: `book`, `override`, `family` or `none`. */
export const ATTR_BUDGET_PRICE_SOURCE = 'token_budget.price.source';
/** Ours: predicted tokens that were accepted and rejected, parts of the output. */
export const ATTR_USAGE_ACCEPTED_PREDICTION = 'token_budget.usage.accepted_prediction_tokens';
export const ATTR_USAGE_REJECTED_PREDICTION = 'token_budget.usage.rejected_prediction_tokens';
export const ATTR_USAGE_IMAGE_OUTPUT = 'token_budget.usage.image.output_tokens';
/** Ours: what is left of the budget once the call is settled; absent for a limit that is not set. */
export const ATTR_BUDGET_LEFT_COST = 'token_budget.left.cost';
export const ATTR_BUDGET_LEFT_TOKENS = 'token_budget.left.tokens';
export const ATTR_BUDGET_LEFT_CALLS = 'token_budget.left.calls';
/** Ours, on events: the limit concerned (`costUsd`, `tokens`, `calls`, `minutes`), its value and the share used (0 to 1). */
export const ATTR_BUDGET_LIMIT = 'token_budget.limit';
export const ATTR_BUDGET_LIMIT_VALUE = 'token_budget.limit.value';
export const ATTR_BUDGET_THRESHOLD = 'token_budget.threshold';
export const ATTR_BUDGET_SETTLED = 'token_budget.settled';
export const ATTR_BUDGET_RESERVED = 'token_budget.reserved';
export const ATTR_BUDGET_REQUESTED = 'token_budget.requested';
export const ATTR_BUDGET_REASON = 'token_budget.reason';

/** Ours: the part of the work that something happened in, such as a step of a job. */
export const ATTR_BUDGET_SCOPE = 'token_budget.scope';
/** Ours, on `token_budget.call`: how long the call took, seconds. */
export const ATTR_BUDGET_CALL_DURATION = 'token_budget.call.duration';

export const ATTR_AGENT_NAME = 'gen_ai.agent.name';
export const ATTR_TOOL_NAME = 'gen_ai.tool.name';

/** Ours: a job, the number of its run, and one of its steps with the number of its try; numbers from 1 on. */
export const ATTR_JOB_ID = 'token_budget.job.id';
export const ATTR_JOB_RUN = 'token_budget.job.run';
export const ATTR_JOB_STEP = 'token_budget.job.step';
export const ATTR_JOB_ATTEMPT = 'token_budget.job.attempt';
/** Ours: why the run ended: `completed`, `exhausted`, `deadline`, `signal` or `error`. */
export const ATTR_JOB_REASON = 'token_budget.job.reason';
/** Ours, of all runs of a job: completed steps, calls, denied calls, tokens, USD, and the USD of calls whose process died. */
export const ATTR_JOB_STEPS = 'token_budget.job.steps';
export const ATTR_JOB_CALLS = 'token_budget.job.calls';
export const ATTR_JOB_DENIED_CALLS = 'token_budget.job.denied_calls';
export const ATTR_JOB_TOKENS = 'token_budget.job.tokens';
export const ATTR_JOB_COST = 'token_budget.job.cost';
export const ATTR_JOB_INTERRUPTED_COST = 'token_budget.job.interrupted_cost';
/** Ours: the share of the budget that is used, 0 to 1. */
export const ATTR_JOB_USED_SHARE = 'token_budget.job.used_share';
/** Ours: how long the job ran, seconds; cached input of all input, 0 to 1; output tokens a second; USD of a completed step. */
export const ATTR_JOB_ACTIVE = 'token_budget.job.active';
export const ATTR_JOB_CACHE_HIT_SHARE = 'token_budget.job.cache_hit_share';
export const ATTR_JOB_OUTPUT_SPEED = 'token_budget.job.output_speed';
export const ATTR_JOB_COST_PER_STEP = 'token_budget.job.cost_per_step';

export const EVENT_JOB = 'token_budget.job';
export const EVENT_CALL = 'token_budget.call';
export const EVENT_THRESHOLD = 'token_budget.threshold';
export const EVENT_EXHAUSTED = 'token_budget.exhausted';
export const EVENT_DENIED = 'token_budget.denied';
export const EVENT_CLAMPED = 'token_budget.clamped';
export const EVENT_USAGE_MISSING = 'token_budget.usage_missing';
export const EVENT_PRICE_UNKNOWN = 'token_budget.price_unknown';
export const EVENT_STORE_UNAVAILABLE = 'token_budget.store_unavailable';
export const EVENT_STORE_AVAILABLE = 'token_budget.store_available';

export const METRIC_TOKEN_USAGE = 'gen_ai.client.token.usage';
export const METRIC_OPERATION_DURATION = 'gen_ai.client.operation.duration';
/** Ours: USD charged, by model and budget. */
export const METRIC_COST = 'token_budget.cost';
/** Ours: calls by decision. */
export const METRIC_CALLS = 'token_budget.calls';
/** Ours: a budget's limits and balances, by `token_budget.limit`: USD, tokens, calls or minutes. */
export const METRIC_LIMIT = 'token_budget.limit';
export const METRIC_SETTLED = 'token_budget.settled';
export const METRIC_RESERVED = 'token_budget.reserved';
export const METRIC_LEFT = 'token_budget.left';
/** Ours, on `token_budget.usage_missing`: the fields that could not be believed. */
export const ATTR_BUDGET_PROBLEMS = 'token_budget.problems';
/** Ours, on `token_budget.price_unknown`: the model whose price was taken. */
export const ATTR_BUDGET_PRICED_AS = 'token_budget.priced_as';
/** Ours: how often the store was found to be away. */
export const METRIC_STORE_FAILURES = 'token_budget.store.failures';
/** Ours, on `token_budget.store_unavailable`: `open` or `closed`. */
export const ATTR_BUDGET_FAILURE_POLICY = 'token_budget.failure_policy';
/** Ours: figures of jobs, at the end of each run: seconds, USD, USD, a share, tokens a second. */
export const METRIC_JOB_ACTIVE = 'token_budget.job.active';
export const METRIC_JOB_COST = 'token_budget.job.cost';
export const METRIC_JOB_COST_PER_STEP = 'token_budget.job.cost_per_step';
export const METRIC_JOB_CACHE_HIT_SHARE = 'token_budget.job.cache_hit_share';
export const METRIC_JOB_OUTPUT_SPEED = 'token_budget.job.output_speed';
