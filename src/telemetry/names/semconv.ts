/**
 * Every attribute, metric and event name that this package emits or reads of its own spans.
 *
 * The `gen_ai.*` and `openai.*` names follow open-telemetry/semantic-conventions-genai, status
 * Development, as of commit 002c8a6 (docs/gen-ai/openai.md, gen-ai-metrics.md); the conventions left
 * @opentelemetry/semantic-conventions with its version 1.45 and have no release of their own yet.
 * `gen_ai.usage.cost.*` is as proposed in that repository's pull request 443. What begins with `token_budget.` is ours.
 *
 * The tables of docs/telemetry.md are made from this file by `npm run docs`: a line `// # name` begins the table of that name,
 * and a comment says what a name means and, after tags, its `@unit`, when it is `@set`, an `@example`; of an event its
 * `@severity`, of a metric its `@kind`, of both their `@attributes`.
 */

// # request
/** What is asked for: `chat`, `text_completion`, `embeddings`, `generate_content` or `invoke_agent`. @set always @example chat */
export const ATTR_OPERATION_NAME = 'gen_ai.operation.name';
/**
 * `openai`, `azure.ai.openai`, `aws.bedrock`; of `budgetFetch` and `budgetMiddleware` also `anthropic` and others.
 * @set always @example openai
 */
export const ATTR_PROVIDER_NAME = 'gen_ai.provider.name';
/**
 * The model as the request names it; on Azure perhaps a deployment.
 * @set where it names one @example gpt-5.2
 */
export const ATTR_REQUEST_MODEL = 'gen_ai.request.model';
/** Host of the base URL. @set where it is a URL @example api.openai.com */
export const ATTR_SERVER_ADDRESS = 'server.address';
/** Port of the base URL. @set where it is a URL @example 443 */
export const ATTR_SERVER_PORT = 'server.port';
/** `chat_completions` or `responses`. @set these endpoints @example responses */
export const ATTR_OPENAI_API_TYPE = 'openai.api.type';
/** The caller's output cap. @unit tokens @set where it set one @example 1024 */
export const ATTR_REQUEST_MAX_TOKENS = 'gen_ai.request.max_tokens';
/** `true` for a stream. @set streams @example true */
export const ATTR_REQUEST_STREAM = 'gen_ai.request.stream';
/** `n` or `best_of`. @unit choices @set above 1 @example 3 */
export const ATTR_REQUEST_CHOICE_COUNT = 'gen_ai.request.choice.count';
/** Sampling temperature. @set where the request has it @example 0.2 */
export const ATTR_REQUEST_TEMPERATURE = 'gen_ai.request.temperature';
/** Nucleus sampling. @set where the request has it @example 0.9 */
export const ATTR_REQUEST_TOP_P = 'gen_ai.request.top_p';
/** Frequency penalty. @set where the request has it @example 0.5 */
export const ATTR_REQUEST_FREQUENCY_PENALTY = 'gen_ai.request.frequency_penalty';
/** Presence penalty. @set where the request has it @example 0.5 */
export const ATTR_REQUEST_PRESENCE_PENALTY = 'gen_ai.request.presence_penalty';
/** Seed. @set where the request has it @example 42 */
export const ATTR_REQUEST_SEED = 'gen_ai.request.seed';
/** Texts that end the answer. @set where the request has it @example ["END"] */
export const ATTR_REQUEST_STOP_SEQUENCES = 'gen_ai.request.stop_sequences';
/** List of one. @set embeddings that ask for a format @example ["base64"] */
export const ATTR_REQUEST_ENCODING_FORMATS = 'gen_ai.request.encoding_formats';
/** Length of the vectors. @set embeddings that ask for it @example 512 */
export const ATTR_EMBEDDINGS_DIMENSION_COUNT = 'gen_ai.embeddings.dimension.count';
/** `json`, `text` or `speech`. @set where the request says so @example json */
export const ATTR_OUTPUT_TYPE = 'gen_ai.output.type';
/** Id of the conversation. @set Responses in a conversation @example conv_68 */
export const ATTR_CONVERSATION_ID = 'gen_ai.conversation.id';
/** The tier that is asked for. @set where it is not `auto` @example flex */
export const ATTR_OPENAI_REQUEST_SERVICE_TIER = 'openai.request.service_tier';
/** The budget. @set always @example research-agent */
export const ATTR_BUDGET_NAME = 'token_budget.name';
/** `observe`, `soft` or `strict`. @set always @example strict */
export const ATTR_BUDGET_MODE = 'token_budget.mode';
/**
 * What admission said: `admit`, `clamp` (admitted with a lower output cap) or `deny`.
 * @set once the budget has answered @example admit
 */
export const ATTR_BUDGET_DECISION = 'token_budget.decision';
/** The output cap that was sent, where it is not the caller's. @unit tokens @set `clamp` @example 611 */
export const ATTR_BUDGET_CAP_SENT = 'token_budget.cap.sent';
/** The output cap that the caller asked for. @unit tokens @set `clamp`, where it set one @example 4096 */
export const ATTR_BUDGET_CAP_ASKED = 'token_budget.cap.asked';

// # answer
/** Id of the answer. @set where it says so @example resp_0a1b */
export const ATTR_RESPONSE_ID = 'gen_ai.response.id';
/** The model that answered. @set where it says so @example gpt-5.2-2025-12-11 */
export const ATTR_RESPONSE_MODEL = 'gen_ai.response.model';
/**
 * A reason for each choice; of Responses `stop`, or why it is incomplete.
 * @set where the answer says @example ["stop"]
 */
export const ATTR_RESPONSE_FINISH_REASONS = 'gen_ai.response.finish_reasons';
/** From the start of the call. @unit seconds @set streams with at least one chunk @example 0.412 */
export const ATTR_RESPONSE_TIME_TO_FIRST_CHUNK = 'gen_ai.response.time_to_first_chunk';
/** The tier that served it. @set where it says so @example default */
export const ATTR_OPENAI_RESPONSE_SERVICE_TIER = 'openai.response.service_tier';
/** As the answer says. @set where it says so @example fp_44709d6fcb */
export const ATTR_OPENAI_RESPONSE_SYSTEM_FINGERPRINT = 'openai.response.system_fingerprint';
/**
 * The HTTP status, `timeout`, `aborted`, the error's class, or a code of ours: `token_budget_exceeded`,
 * `token_budget_price_unknown`, `token_budget_store_unavailable`, `token_budget_unmetered`,
 * `token_budget_abandoned`.
 * @set failed and refused calls @example token_budget_exceeded
 */
export const ATTR_ERROR_TYPE = 'error.type';

// # usage
/** Input of all kinds. @unit tokens @set always @example 1059 */
export const ATTR_USAGE_INPUT_TOKENS = 'gen_ai.usage.input_tokens';
/** Output of all kinds. @unit tokens @set always, but for embeddings @example 206 */
export const ATTR_USAGE_OUTPUT_TOKENS = 'gen_ai.usage.output_tokens';
/** Part of the input, read from the cache. @unit tokens @set above 0 @example 768 */
export const ATTR_USAGE_CACHE_READ = 'gen_ai.usage.cache_read.input_tokens';
/** Part of the input, written to the cache. @unit tokens @set above 0 @example 256 */
export const ATTR_USAGE_CACHE_CREATION = 'gen_ai.usage.cache_creation.input_tokens';
/** Part of the input. @unit tokens @set above 0 @example 120 */
export const ATTR_USAGE_AUDIO_INPUT = 'gen_ai.usage.audio.input_tokens';
/** Part of the input. @unit tokens @set above 0 @example 765 */
export const ATTR_USAGE_IMAGE_INPUT = 'gen_ai.usage.image.input_tokens';
/** Part of the output. @unit tokens @set above 0 @example 128 */
export const ATTR_USAGE_REASONING = 'gen_ai.usage.reasoning.output_tokens';
/** Part of the output. @unit tokens @set above 0 @example 300 */
export const ATTR_USAGE_AUDIO_OUTPUT = 'gen_ai.usage.audio.output_tokens';
/** Part of the output. @unit tokens @set above 0 @example 1056 */
export const ATTR_USAGE_IMAGE_OUTPUT = 'token_budget.usage.image.output_tokens';
/** Predicted tokens that were taken, part of the output. @unit tokens @set above 0 @example 80 */
export const ATTR_USAGE_ACCEPTED_PREDICTION = 'token_budget.usage.accepted_prediction_tokens';
/** Predicted tokens that were not taken, part of the output. @unit tokens @set above 0 @example 20 */
export const ATTR_USAGE_REJECTED_PREDICTION = 'token_budget.usage.rejected_prediction_tokens';
/** Pictures that were made. @unit pictures @set above 0 @example 2 */
export const ATTR_USAGE_PICTURES = 'token_budget.usage.pictures';
/** Characters that were spoken. @unit characters @set above 0 @example 4096 */
export const ATTR_USAGE_CHARACTERS = 'token_budget.usage.characters';
/** Audio that was heard or made. @unit seconds @set above 0 @example 12.5 */
export const ATTR_USAGE_AUDIO_SECONDS = 'token_budget.usage.audio.seconds';
/** Video that was made. @unit seconds @set above 0 @example 8 */
export const ATTR_USAGE_VIDEO_SECONDS = 'token_budget.usage.video.seconds';
/** Web searches that are billed by the call. @unit calls @set above 0 @example 3 */
export const ATTR_USAGE_WEB_SEARCHES = 'token_budget.usage.web_searches';
/** File searches that are billed by the call. @unit calls @set above 0 @example 1 */
export const ATTR_USAGE_FILE_SEARCHES = 'token_budget.usage.file_searches';
/** Containers that were started. @unit containers @set above 0 @example 1 */
export const ATTR_USAGE_CONTAINERS = 'token_budget.usage.containers';
/** Id of the work that goes on in the service. @set the call that began it, and its settlement @example batch_0a1b */
export const ATTR_BUDGET_WORK_ID = 'token_budget.work.id';
/** What the call was charged. @unit USD @set always @example 0.003369 */
export const ATTR_USAGE_COST_AMOUNT = 'gen_ai.usage.cost.amount';
/** `USD`. @set always @example USD */
export const ATTR_USAGE_COST_CURRENCY = 'gen_ai.usage.cost.currency';
/** `local`: computed here, not reported by the service. @set always @example local */
export const ATTR_USAGE_COST_SOURCE = 'gen_ai.usage.cost.source';
/** The exact charge of the call, a whole number. @unit nano-USD @set always @example 3368750 */
export const ATTR_BUDGET_COST_NANO_USD = 'token_budget.cost.nano_usd';
/**
 * `response` (the answer said it), `local` (counted here) or `reservation` (the worst case was charged).
 * @set always @example response
 */
export const ATTR_BUDGET_USAGE_SOURCE = 'token_budget.usage.source';
/** `book`, `override`, `family` or `none`. @set always @example book */
export const ATTR_BUDGET_PRICE_SOURCE = 'token_budget.price.source';
/** What admission reserved for the call. @unit USD @set in `strict` @example 0.009184 */
export const ATTR_BUDGET_RESERVED_COST = 'token_budget.reserved.cost';
/** What admission reserved for the call. @unit tokens @set in `strict` @example 888 */
export const ATTR_BUDGET_RESERVED_TOKENS = 'token_budget.reserved.tokens';
/**
 * Charged for earlier attempts that failed after they were sent, and may have been billed.
 * @unit USD @set where there were some @example 0.0012
 */
export const ATTR_BUDGET_ATTEMPTS_COST = 'token_budget.attempts.cost';
/**
 * What is left of the budget after this call.
 * @unit USD @set where that limit is set, and our SDK or our span processor is used @example 0.014963
 */
export const ATTR_BUDGET_LEFT_COST = 'token_budget.left.cost';
/** The same. @unit tokens @set the same @example 41003 */
export const ATTR_BUDGET_LEFT_TOKENS = 'token_budget.left.tokens';
/** The same. @unit calls @set the same @example 388 */
export const ATTR_BUDGET_LEFT_CALLS = 'token_budget.left.calls';

// # content
/** The messages of the request. @unit JSON text @set with the opt-in @example [{"role":"user",…}] */
export const ATTR_INPUT_MESSAGES = 'gen_ai.input.messages';
/** `instructions` of Responses. @unit JSON text @set with the opt-in @example [{"type":"text",…}] */
export const ATTR_SYSTEM_INSTRUCTIONS = 'gen_ai.system_instructions';
/** What was generated. @unit JSON text @set with the opt-in @example [{"role":"assistant",…}] */
export const ATTR_OUTPUT_MESSAGES = 'gen_ai.output.messages';

// # event-attributes
/** The limit concerned: `costUsd`, `tokens`, `calls` or `minutes`. On metrics too. @example costUsd */
export const ATTR_BUDGET_LIMIT = 'token_budget.limit';
/** The most that may be spent. @unit of the limit @example 0.02 */
export const ATTR_BUDGET_LIMIT_VALUE = 'token_budget.limit.value';
/** What was charged; for `minutes`, USD. @unit of the limit @example 0.018417 */
export const ATTR_BUDGET_SETTLED = 'token_budget.settled';
/** What open calls hold; for `minutes`, USD. @unit of the limit @example 0 */
export const ATTR_BUDGET_RESERVED = 'token_budget.reserved';
/** What the call that was refused needs at least. @unit of the limit @example 0.002702 */
export const ATTR_BUDGET_REQUESTED = 'token_budget.requested';
/** The share of the limit that is used: 0.5, 0.8, 0.95 or 1. @unit share @example 0.8 */
export const ATTR_BUDGET_THRESHOLD = 'token_budget.threshold';
/**
 * Of usage that is missing: `absent`, `implausible` or `cut`. Of a store: its error. Of an endpoint: `endpoint`, or `unbounded`
 * where it is counted and could not be reserved.
 * @example cut
 */
export const ATTR_BUDGET_REASON = 'token_budget.reason';
/** Fields that are not believed, and why; never their text. @example ["input: 0"] */
export const ATTR_BUDGET_PROBLEMS = 'token_budget.problems';
/** The model whose price was taken. @example gpt-5.2-pro */
export const ATTR_BUDGET_PRICED_AS = 'token_budget.priced_as';
/** The method and the path. @example POST /videos */
export const ATTR_BUDGET_ENDPOINT = 'token_budget.endpoint';
/** Whether the request was refused. @example false */
export const ATTR_BUDGET_REFUSED = 'token_budget.refused';
/** The part of the work, such as a step of a job. @example summarise */
export const ATTR_BUDGET_SCOPE = 'token_budget.scope';
/** How long the call took. @unit seconds @example 1.284 */
export const ATTR_BUDGET_CALL_DURATION = 'token_budget.call.duration';
/** `open` or `closed`. @example open */
export const ATTR_BUDGET_FAILURE_POLICY = 'token_budget.failure_policy';

// # metric-attributes
/** `input` or `output`. @example input */
export const ATTR_TOKEN_TYPE = 'gen_ai.token.type';
/**
 * `input` and `output`, and parts of these: `cached_input`, `cache_write`, `audio_input`, `image_input`,
 * `cached_audio_input`, `cached_image_input`;
 * `reasoning`, `audio_output`, `image_output`, `accepted_prediction`, `rejected_prediction`.
 * @example cached_input
 */
export const ATTR_BUDGET_TOKEN_KIND = 'token_budget.token.kind';

// # job
/** The kind of job, or the step. @set `invoke_agent` @example research */
export const ATTR_AGENT_NAME = 'gen_ai.agent.name';
/** The step, or the tool. @set `execute_tool` @example summarise */
export const ATTR_TOOL_NAME = 'gen_ai.tool.name';
/** The job. @set always @example research-42 */
export const ATTR_JOB_ID = 'token_budget.job.id';
/** The number of its run, from 1. @set jobs and steps @example 2 */
export const ATTR_JOB_RUN = 'token_budget.job.run';
/** The step. @set steps and tools @example summarise */
export const ATTR_JOB_STEP = 'token_budget.job.step';
/** The number of its try, from 1. @set steps @example 1 */
export const ATTR_JOB_ATTEMPT = 'token_budget.job.attempt';
/** Why the run ended: `completed`, `exhausted`, `deadline`, `signal` or `error`. @set at the end @example completed */
export const ATTR_JOB_REASON = 'token_budget.job.reason';
/** Completed steps, of all runs. @unit steps @set at the end @example 20 */
export const ATTR_JOB_STEPS = 'token_budget.job.steps';
/** Calls, of all runs. @unit calls @set at the end @example 61 */
export const ATTR_JOB_CALLS = 'token_budget.job.calls';
/** Calls that were refused, of all runs. @unit calls @set at the end @example 0 */
export const ATTR_JOB_DENIED_CALLS = 'token_budget.job.denied_calls';
/** Input and output, of all runs. @unit tokens @set at the end @example 41240 */
export const ATTR_JOB_TOKENS = 'token_budget.job.tokens';
/** Cost of all runs; as a metric, at the end of each. @unit USD @set at the end @example 0.213 */
export const ATTR_JOB_COST = 'token_budget.job.cost';
/** Cost of calls whose process died. @unit USD @set at the end @example 0.004 */
export const ATTR_JOB_INTERRUPTED_COST = 'token_budget.job.interrupted_cost';
/** The share of the budget that is used. @unit share @set at the end @example 0.34 */
export const ATTR_JOB_USED_SHARE = 'token_budget.job.used_share';
/** How long the job ran. @unit seconds @set at the end @example 312 */
export const ATTR_JOB_ACTIVE = 'token_budget.job.active';
/** Cached input of all input. @unit share @set at the end @example 0.61 */
export const ATTR_JOB_CACHE_HIT_SHARE = 'token_budget.job.cache_hit_share';
/** Output tokens a second of calls. @unit tokens/s @set at the end @example 48.2 */
export const ATTR_JOB_OUTPUT_SPEED = 'token_budget.job.output_speed';
/** Cost of a completed step. @unit USD @set at the end @example 0.0107 */
export const ATTR_JOB_COST_PER_STEP = 'token_budget.job.cost_per_step';

// # events
/**
 * A call ended; one for each, of severity ERROR where it failed. A refused call has `token_budget.denied` alone.
 * @severity INFO @attributes `gen_ai.operation.name`, `gen_ai.request.model`, `gen_ai.request.stream`, `gen_ai.response.model`,
 * `gen_ai.response.id`, `error.type`, usage and cost as of the span, `token_budget.attempts.cost`, `token_budget.call.duration`,
 * `token_budget.scope`
 */
export const EVENT_CALL = 'token_budget.call';
/** A run of a job ended; WARN where it stopped, ERROR after an error. @severity INFO @attributes those of jobs at the end */
export const EVENT_JOB = 'token_budget.job';
/**
 * 50, 80, 95 or 100 % of a limit is settled; each once.
 * @severity WARN @attributes `token_budget.limit`, `token_budget.limit.value`, `token_budget.settled`,
 * `token_budget.reserved`, `token_budget.threshold`
 */
export const EVENT_THRESHOLD = 'token_budget.threshold';
/**
 * A limit is reached, or a call was refused while no other was open; once.
 * @severity ERROR @attributes `token_budget.limit`, `token_budget.limit.value`, `token_budget.settled`,
 * `token_budget.reserved`
 */
export const EVENT_EXHAUSTED = 'token_budget.exhausted';
/**
 * A call was refused.
 * @severity ERROR @attributes `token_budget.limit`, `token_budget.limit.value`, `token_budget.settled`,
 * `token_budget.reserved`, `token_budget.requested`
 */
export const EVENT_DENIED = 'token_budget.denied';
/**
 * A call was sent with a lower output cap.
 * @severity INFO @attributes `token_budget.cap.sent`, `token_budget.cap.asked`
 */
export const EVENT_CLAMPED = 'token_budget.clamped';
/**
 * An answer told no usage, or none that can be believed.
 * @severity WARN @attributes `gen_ai.request.model`, `token_budget.reason`, `token_budget.problems`,
 * `token_budget.usage.source`
 */
export const EVENT_USAGE_MISSING = 'token_budget.usage_missing';
/**
 * A model without a known price is called; once a model.
 * @severity WARN @attributes `gen_ai.request.model`, `token_budget.priced_as`
 */
export const EVENT_PRICE_UNKNOWN = 'token_budget.price_unknown';
/**
 * A request whose cost is not counted, or was not reserved because it has no bound; once an endpoint.
 * @severity WARN @attributes `token_budget.endpoint`, `token_budget.reason`, `token_budget.refused`
 */
export const EVENT_UNMETERED = 'token_budget.unmetered';
/**
 * The store is found to be away.
 * @severity ERROR @attributes `token_budget.failure_policy`, `token_budget.reason`
 */
export const EVENT_STORE_UNAVAILABLE = 'token_budget.store_unavailable';
/** The store is back. @severity INFO */
export const EVENT_STORE_AVAILABLE = 'token_budget.store_available';

// # metrics
/**
 * Tokens of a call that is charged.
 * @kind histogram @unit {token} @attributes identity, `gen_ai.token.type`
 */
export const METRIC_TOKEN_USAGE = 'gen_ai.client.token.usage';
/** Time of a call that was sent. @kind histogram @unit s @attributes identity, `error.type` */
export const METRIC_OPERATION_DURATION = 'gen_ai.client.operation.duration';
/** Time to the first chunk of a stream. @kind histogram @unit s @attributes identity */
export const METRIC_TIME_TO_FIRST_CHUNK = 'gen_ai.client.operation.time_to_first_chunk';
/**
 * What calls were charged, attempts that failed included.
 * @kind counter @unit {USD} @attributes identity, `token_budget.name`
 */
export const METRIC_COST = 'token_budget.cost';
/** What one call was charged. @kind histogram @unit {USD} @attributes identity, `token_budget.name` */
export const METRIC_CALL_COST = 'token_budget.call.cost';
/**
 * Tokens by kind.
 * @kind counter @unit {token} @attributes identity, `token_budget.name`, `token_budget.token.kind`
 */
export const METRIC_TOKENS = 'token_budget.tokens';
/**
 * Calls by what admission said.
 * @kind counter @unit {call}
 * @attributes `token_budget.name`, `token_budget.decision`, `gen_ai.request.model`
 */
export const METRIC_CALLS = 'token_budget.calls';
/**
 * The most that the budget may spend.
 * @kind gauge @unit of the limit @attributes `token_budget.name`, `token_budget.limit`
 */
export const METRIC_LIMIT = 'token_budget.limit';
/**
 * What was charged to the budget; of `minutes`, those that are over.
 * @kind gauge @unit of the limit @attributes `token_budget.name`, `token_budget.limit`
 */
export const METRIC_SETTLED = 'token_budget.settled';
/**
 * What open calls hold of the budget; not of `minutes`.
 * @kind gauge @unit of the limit @attributes `token_budget.name`, `token_budget.limit`
 */
export const METRIC_RESERVED = 'token_budget.reserved';
/**
 * What is left of the budget.
 * @kind gauge @unit of the limit @attributes `token_budget.name`, `token_budget.limit`
 */
export const METRIC_LEFT = 'token_budget.left';
/** 1 where the budget is exhausted, else 0. @kind gauge @attributes `token_budget.name` */
export const METRIC_EXHAUSTED = 'token_budget.exhausted';
/**
 * How long the window is in which the budget is spent; absent without one.
 * @kind gauge @unit s @attributes `token_budget.name`
 */
export const METRIC_WINDOW = 'token_budget.window.duration';
/** How long it is until the budget begins anew; absent without a window. @unit s @kind gauge @attributes `token_budget.name` */
export const METRIC_WINDOW_LEFT = 'token_budget.window.left';
/** How often the store was found to be away. @kind counter @unit {failure} @attributes `token_budget.name` */
export const METRIC_STORE_FAILURES = 'token_budget.store.failures';
/** 1 where the store of the budget can be reached, else 0. @kind gauge @attributes `token_budget.name` */
export const METRIC_STORE_AVAILABLE = 'token_budget.store.available';
/**
 * 1 while the process reports, 0 once it has ended in order: one that stays 1 and is silent was killed or
 * cannot be heard. Not where the host has an SDK of its own.
 * @kind gauge
 */
export const METRIC_REPORTING = 'token_budget.reporting';
/** How long a job ran, at the end of each run. @kind histogram @unit s @attributes `gen_ai.agent.name`, `token_budget.job.reason` */
export const METRIC_JOB_ACTIVE = 'token_budget.job.active';
/** Cost of a job, at the end of each run. @kind histogram @unit {USD} @attributes `gen_ai.agent.name`, `token_budget.job.reason` */
export const METRIC_JOB_COST = 'token_budget.job.cost';
/** Cost of a completed step. @kind histogram @unit {USD} @attributes `gen_ai.agent.name`, `token_budget.job.reason` */
export const METRIC_JOB_COST_PER_STEP = 'token_budget.job.cost_per_step';
/** Cached input of all input. @kind histogram @unit 1 @attributes `gen_ai.agent.name`, `token_budget.job.reason` */
export const METRIC_JOB_CACHE_HIT_SHARE = 'token_budget.job.cache_hit_share';
/** Output tokens a second. @kind histogram @unit {token}/s @attributes `gen_ai.agent.name`, `token_budget.job.reason` */
export const METRIC_JOB_OUTPUT_SPEED = 'token_budget.job.output_speed';
