/**
 * Every attribute, metric and event name that this package emits, or reads from its own spans.
 *
 * The `gen_ai.*` and `openai.*` names follow open-telemetry/semantic-conventions-genai, status Development, with
 * its pull requests 374 (metrics of tokens), 440 (writes to the cache) and 521 (metrics of inference). The
 * conventions left @opentelemetry/semantic-conventions with its version 1.45 and have no release of their own yet.
 * What is only proposed there has the tag `@proposed`, with its pull request or issue. `token_budget.*` names are
 * ours. `npm run check:conventions -- CHECKOUT` compares the names with a checkout of that repository.
 *
 * `npm run docs` generates the tables of docs/telemetry.md from this file. A line `// # name` begins the
 * table of that name. A comment holds the meaning of a name, then tags: its `@unit`, when it is `@set` and an
 * `@example`; for an event its `@severity`, for a metric its `@kind`, and for both their `@attributes`. The
 * `@type` of an attribute is one of the conventions' types; without the tag it follows from the example.
 */

// # request
/**
 * The operation: `chat`, `text_completion`, `embeddings`, `generate_content` or `invoke_agent`.
 * @set always @example chat
 */
export const ATTR_OPERATION_NAME = 'gen_ai.operation.name';
/**
 * `openai`, `azure.ai.openai` or `aws.bedrock`; with `budgetFetch` and `budgetMiddleware` also `anthropic`
 * and others.
 * @set always @example openai
 */
export const ATTR_PROVIDER_NAME = 'gen_ai.provider.name';
/**
 * The model named by the request; on Azure this may be a deployment.
 * @set if the request names one @example gpt-5.2
 */
export const ATTR_REQUEST_MODEL = 'gen_ai.request.model';
/** Host of the base URL. @set if it is a valid URL @example api.openai.com */
export const ATTR_SERVER_ADDRESS = 'server.address';
/** Port of the base URL. @set if it is a valid URL @example 443 */
export const ATTR_SERVER_PORT = 'server.port';
/** `chat_completions` or `responses`. @set on calls of these endpoints @example responses */
export const ATTR_OPENAI_API_TYPE = 'openai.api.type';
/** The caller's output cap. @unit tokens @set if the caller set one @example 1024 */
export const ATTR_REQUEST_MAX_TOKENS = 'gen_ai.request.max_tokens';
/** `true` for a stream. @set on streams @example true */
export const ATTR_REQUEST_STREAM = 'gen_ai.request.stream';
/** `n` or `best_of`. @unit choices @set if above 1 @example 3 */
export const ATTR_REQUEST_CHOICE_COUNT = 'gen_ai.request.choice.count';
/** Sampling temperature. @set if in the request @example 0.2 */
export const ATTR_REQUEST_TEMPERATURE = 'gen_ai.request.temperature';
/** Nucleus sampling. @set if in the request @example 0.9 */
export const ATTR_REQUEST_TOP_P = 'gen_ai.request.top_p';
/** How many of the likeliest tokens are sampled from. @set if in the request @example 40 */
export const ATTR_REQUEST_TOP_K = 'gen_ai.request.top_k';
/** Frequency penalty. @set if in the request @example 0.5 */
export const ATTR_REQUEST_FREQUENCY_PENALTY = 'gen_ai.request.frequency_penalty';
/** Presence penalty. @set if in the request @example 0.5 */
export const ATTR_REQUEST_PRESENCE_PENALTY = 'gen_ai.request.presence_penalty';
/** Seed. @set if in the request @example 42 */
export const ATTR_REQUEST_SEED = 'gen_ai.request.seed';
/** Texts that stop the generation. @set if in the request @example ["END"] */
export const ATTR_REQUEST_STOP_SEQUENCES = 'gen_ai.request.stop_sequences';
/** The effort of reasoning, as the request names it. @set if in the request @example low */
export const ATTR_REQUEST_REASONING_LEVEL = 'gen_ai.request.reasoning.level';
/** Id of the response that this one continues. @set on Responses that name one @example resp_0a1a */
export const ATTR_REQUEST_PREVIOUS_RESPONSE_ID = 'gen_ai.request.previous_response.id';
/** Id of the prompt that the service keeps. @set on Responses that name one @example pmpt_68 */
export const ATTR_PROMPT_NAME = 'gen_ai.prompt.name';
/** Version of that prompt. @set if in the request @example 2 @type string */
export const ATTR_PROMPT_VERSION = 'gen_ai.prompt.version';
/** The encoding format, as a list of one. @set on embeddings that request a format @example ["base64"] */
export const ATTR_REQUEST_ENCODING_FORMATS = 'gen_ai.request.encoding_formats';
/** Number of dimensions of the vectors. @set on embeddings that request it @example 512 */
export const ATTR_EMBEDDINGS_DIMENSION_COUNT = 'gen_ai.embeddings.dimension.count';
/** `json`, `text`, `speech` or `image`. @set if in the request, and for images and speech @example json */
export const ATTR_OUTPUT_TYPE = 'gen_ai.output.type';
/** Id of the conversation, or of the thread of a run. @set on Responses in a conversation, and on runs @example conv_68 */
export const ATTR_CONVERSATION_ID = 'gen_ai.conversation.id';
/**
 * `true` if the conversation was compacted before.
 * @set if the input has the result of a compaction @example true
 */
export const ATTR_CONVERSATION_COMPACTED = 'gen_ai.conversation.compacted';
/** Id of the assistant. @set on runs of assistants @example asst_68 */
export const ATTR_AGENT_ID = 'gen_ai.agent.id';
/** The requested service tier. @set unless `auto` @example flex */
export const ATTR_OPENAI_REQUEST_SERVICE_TIER = 'openai.request.service_tier';
/** Name of the budget. @set always @example research-agent */
export const ATTR_BUDGET_NAME = 'token_budget.name';
/** Mode of the budget: `observe`, `soft` or `strict`. @set always @example strict */
export const ATTR_BUDGET_MODE = 'token_budget.mode';
/**
 * The admission decision: `admit`, `clamp` (admitted with a lower output cap) or `deny`.
 * @set once the decision is made @example admit
 */
export const ATTR_BUDGET_DECISION = 'token_budget.decision';
/** The output cap that was sent, if it is not the caller's. @unit tokens @set on `clamp` @example 611 */
export const ATTR_BUDGET_CAP_SENT = 'token_budget.cap.sent';
/**
 * The output cap that the caller requested.
 * @unit tokens @set on `clamp`, if the caller set one @example 4096
 */
export const ATTR_BUDGET_CAP_ASKED = 'token_budget.cap.asked';

// # answer
/** Id of the response. @set if in the response @example resp_0a1b */
export const ATTR_RESPONSE_ID = 'gen_ai.response.id';
/** The model that generated the response. @set if in the response @example gpt-5.2-2025-12-11 */
export const ATTR_RESPONSE_MODEL = 'gen_ai.response.model';
/**
 * A finish reason for each choice, as the service names it; for Responses `stop`, `tool_call`, `length`,
 * `content_filter` or `error`. `error` for a choice of a stream that ended early.
 * @set if in the response @example ["stop"]
 */
export const ATTR_RESPONSE_FINISH_REASONS = 'gen_ai.response.finish_reasons';
/**
 * Time from the start of the call to its first chunk.
 * @unit seconds @set on streams with at least one chunk @example 0.412
 */
export const ATTR_RESPONSE_TIME_TO_FIRST_CHUNK = 'gen_ai.response.time_to_first_chunk';
/** The service tier that served the request. @set if in the response @example default */
export const ATTR_OPENAI_RESPONSE_SERVICE_TIER = 'openai.response.service_tier';
/** The system fingerprint of the response. @set if in the response @example fp_44709d6fcb */
export const ATTR_OPENAI_RESPONSE_SYSTEM_FINGERPRINT = 'openai.response.system_fingerprint';
/**
 * The HTTP status, `timeout`, `aborted`, the error's class, or one of our codes: `token_budget_exceeded`,
 * `token_budget_price_unknown`, `token_budget_store_unavailable`, `token_budget_store_setup`, `token_budget_ledger_lost`, `token_budget_unmetered`,
 * `token_budget_abandoned`.
 * @set on failed and denied calls @example token_budget_exceeded
 */
export const ATTR_ERROR_TYPE = 'error.type';

// # usage
/** Input tokens of all kinds. @unit tokens @set always @example 1059 */
export const ATTR_USAGE_INPUT_TOKENS = 'gen_ai.usage.input_tokens';
/** Output tokens of all kinds. @unit tokens @set always, except on embeddings @example 206 */
export const ATTR_USAGE_OUTPUT_TOKENS = 'gen_ai.usage.output_tokens';
/** Input read from the cache; part of the input. @unit tokens @set if above 0 @example 768 */
export const ATTR_USAGE_CACHE_READ = 'gen_ai.usage.cache_read.input_tokens';
/** Input written to the cache; part of the input. @unit tokens @set if above 0 @example 256 */
export const ATTR_USAGE_CACHE_WRITE = 'gen_ai.usage.cache_write.input_tokens';
/**
 * Text input; part of the input.
 * @unit tokens @set if the response reports audio or image input @example 294
 */
export const ATTR_USAGE_TEXT_INPUT = 'gen_ai.usage.text.input_tokens';
/** Audio input; part of the input. @unit tokens @set if above 0 @example 120 */
export const ATTR_USAGE_AUDIO_INPUT = 'gen_ai.usage.audio.input_tokens';
/** Image input; part of the input. @unit tokens @set if above 0 @example 765 */
export const ATTR_USAGE_IMAGE_INPUT = 'gen_ai.usage.image.input_tokens';
/** Audio read from the cache; part of both. @unit tokens @set if above 0 @example 60 */
export const ATTR_USAGE_AUDIO_CACHE_READ = 'gen_ai.usage.audio.cache_read.input_tokens';
/** Images read from the cache; part of both. @unit tokens @set if above 0 @example 128 */
export const ATTR_USAGE_IMAGE_CACHE_READ = 'gen_ai.usage.image.cache_read.input_tokens';
/**
 * Text read from the cache; part of both.
 * @unit tokens @set if the response reports audio or images read from the cache @example 40
 */
export const ATTR_USAGE_TEXT_CACHE_READ = 'gen_ai.usage.text.cache_read.input_tokens';
/** Reasoning; part of the output. @unit tokens @set if above 0 @example 128 */
export const ATTR_USAGE_REASONING = 'gen_ai.usage.reasoning.output_tokens';
/** Audio output; part of the output. @unit tokens @set if above 0 @example 300 */
export const ATTR_USAGE_AUDIO_OUTPUT = 'gen_ai.usage.audio.output_tokens';
/** Image output; part of the output. @unit tokens @set if above 0 @example 1056 */
export const ATTR_USAGE_IMAGE_OUTPUT = 'gen_ai.usage.image.output_tokens';
/**
 * Text output; part of the output.
 * @unit tokens @set if the response reports audio or image output @example 180
 */
export const ATTR_USAGE_TEXT_OUTPUT = 'gen_ai.usage.text.output_tokens';
/** Predicted tokens that were accepted; part of the output. @unit tokens @set if above 0 @example 80 */
export const ATTR_USAGE_ACCEPTED_PREDICTION = 'token_budget.usage.accepted_prediction_tokens';
/** Predicted tokens that were rejected; part of the output. @unit tokens @set if above 0 @example 20 */
export const ATTR_USAGE_REJECTED_PREDICTION = 'token_budget.usage.rejected_prediction_tokens';
/** Generated pictures. @unit pictures @set if above 0 @example 2 */
export const ATTR_USAGE_PICTURES = 'token_budget.usage.pictures';
/** Characters turned into speech. @unit characters @set if above 0 @example 4096 */
export const ATTR_USAGE_CHARACTERS = 'token_budget.usage.characters';
/** Duration of the audio that was transcribed or generated. @unit seconds @set if above 0 @example 12.5 */
export const ATTR_USAGE_AUDIO_SECONDS = 'token_budget.usage.audio.seconds';
/** Duration of the generated video. @unit seconds @set if above 0 @example 8 */
export const ATTR_USAGE_VIDEO_SECONDS = 'token_budget.usage.video.seconds';
/** Web searches billed per call. @unit calls @set if above 0 @example 3 */
export const ATTR_USAGE_WEB_SEARCHES = 'token_budget.usage.web_searches';
/** File searches billed per call. @unit calls @set if above 0 @example 1 */
export const ATTR_USAGE_FILE_SEARCHES = 'token_budget.usage.file_searches';
/** Started containers. @unit containers @set if above 0 @example 1 */
export const ATTR_USAGE_CONTAINERS = 'token_budget.usage.containers';
/**
 * Id of a deferred call: work that continues in the service.
 * @set on the call that started it, and on its settlement @example batch_0a1b
 */
export const ATTR_BUDGET_WORK_ID = 'token_budget.work.id';
/** Amount charged for the call. @unit USD @set always @example 0.003369 @proposed pull request 443 */
export const ATTR_USAGE_COST_AMOUNT = 'gen_ai.usage.cost.amount';
/** `USD`. @set always @example USD @proposed pull request 443 */
export const ATTR_USAGE_COST_CURRENCY = 'gen_ai.usage.cost.currency';
/**
 * `local`: computed by this package, not reported by the service.
 * @set always @example local @proposed pull request 443
 */
export const ATTR_USAGE_COST_SOURCE = 'gen_ai.usage.cost.source';
/** Exact amount charged for the call, an integer. @unit nano-USD @set always @example 3368750 */
export const ATTR_BUDGET_COST_NANO_USD = 'token_budget.cost.nano_usd';
/**
 * `response` (reported by the response), `local` (counted by this package) or `reservation` (the worst case
 * was charged). On `token_budget.usage_missing` also `request` (the price of what was requested) or `nothing`.
 * @set always @example response
 */
export const ATTR_BUDGET_USAGE_SOURCE = 'token_budget.usage.source';
/** Source of the price: `book`, `override`, `family` or `none`. @set always @example book */
export const ATTR_BUDGET_PRICE_SOURCE = 'token_budget.price.source';
/** Cost reserved for the call at admission. @unit USD @set in `strict` @example 0.009184 */
export const ATTR_BUDGET_RESERVED_COST = 'token_budget.reserved.cost';
/** Tokens reserved for the call at admission. @unit tokens @set in `strict` @example 888 */
export const ATTR_BUDGET_RESERVED_TOKENS = 'token_budget.reserved.tokens';
/**
 * Amount charged for earlier attempts that failed after they were sent, and may have been billed.
 * @unit USD @set if there were any @example 0.0012
 */
export const ATTR_BUDGET_ATTEMPTS_COST = 'token_budget.attempts.cost';
/**
 * Amount left in the budget after this call.
 * @unit USD @set if that limit is set and our SDK or our span processor is in use @example 0.014963
 */
export const ATTR_BUDGET_LEFT_COST = 'token_budget.left.cost';
/** Tokens left in the budget after this call. @unit tokens @set as above @example 41003 */
export const ATTR_BUDGET_LEFT_TOKENS = 'token_budget.left.tokens';
/** Calls left in the budget after this call. @unit calls @set as above @example 388 */
export const ATTR_BUDGET_LEFT_CALLS = 'token_budget.left.calls';

// # content
/**
 * The messages of the request.
 * @unit JSON text @set if content capture is enabled @example [{"role":"user",…}]
 */
export const ATTR_INPUT_MESSAGES = 'gen_ai.input.messages';
/**
 * `instructions` of Responses, `system` of Anthropic's Messages.
 * @unit JSON text @set if content capture is enabled @example [{"type":"text",…}]
 */
export const ATTR_SYSTEM_INSTRUCTIONS = 'gen_ai.system_instructions';
/**
 * Type and name of each tool that the model may call.
 * @unit JSON text @set if content capture is enabled @example [{"type":"function","name":"f"}]
 */
export const ATTR_TOOL_DEFINITIONS = 'gen_ai.tool.definitions';
/**
 * The generated messages: one for each choice, one for the output of Responses.
 * @unit JSON text @set if content capture is enabled @example [{"role":"assistant",…}]
 */
export const ATTR_OUTPUT_MESSAGES = 'gen_ai.output.messages';

// # event-attributes
/** The limit concerned: `costUsd`, `tokens`, `calls` or `minutes`. On metrics too. @example costUsd */
export const ATTR_BUDGET_LIMIT = 'token_budget.limit';
/** Value of the limit: the most that may be spent. @unit of the limit @example 0.02 */
export const ATTR_BUDGET_LIMIT_VALUE = 'token_budget.limit.value';
/** Amount charged; in USD for `minutes`. @unit of the limit @example 0.018417 */
export const ATTR_BUDGET_SETTLED = 'token_budget.settled';
/** Amount reserved by open calls; in USD for `minutes`. @unit of the limit @example 0 */
export const ATTR_BUDGET_RESERVED = 'token_budget.reserved';
/** The minimum amount that the denied call needs. @unit of the limit @example 0.002702 */
export const ATTR_BUDGET_REQUESTED = 'token_budget.requested';
/** Used share of the limit: 0.5, 0.8, 0.95 or 1. @unit share @example 0.8 */
export const ATTR_BUDGET_THRESHOLD = 'token_budget.threshold';
/**
 * Missing usage: `absent`, `implausible` or `cut`. An exceeded reservation: `model`, `tier`, `choices`, `output`,
 * `input`, `tools` or `unknown`. A store: its error. An endpoint: `endpoint`, or
 * `unbounded` if it is counted but could not be reserved.
 * @example cut
 */
export const ATTR_BUDGET_REASON = 'token_budget.reason';
/** Fields rejected as implausible, and why; never their text. @example ["input: 0"] */
export const ATTR_BUDGET_PROBLEMS = 'token_budget.problems';
/** The model whose price was used instead. @example gpt-5.2-pro */
export const ATTR_BUDGET_PRICED_AS = 'token_budget.priced_as';
/** Method and path of the endpoint. @example POST /videos */
export const ATTR_BUDGET_ENDPOINT = 'token_budget.endpoint';
/** Whether the request was denied. @example false */
export const ATTR_BUDGET_REFUSED = 'token_budget.refused';
/** The part of the work that the event belongs to, such as a step of a job. @example summarise */
export const ATTR_BUDGET_SCOPE = 'token_budget.scope';
/** Duration of the call. @unit seconds @example 1.284 */
export const ATTR_BUDGET_CALL_DURATION = 'token_budget.call.duration';
/** The policy for calls while the store is unavailable: `open` or `closed`. @example open */
export const ATTR_BUDGET_FAILURE_POLICY = 'token_budget.failure_policy';

/** The class of the error. @example RateLimitError */
export const ATTR_EXCEPTION_TYPE = 'exception.type';

// # metric-attributes
/**
 * `text`, `audio` or `image`; `unknown` if the service does not say.
 * @example text
 */
export const ATTR_TOKEN_MODALITY = 'gen_ai.token.modality';
/**
 * `input` and `output`, and their parts: `cached_input`, `cache_write`, `audio_input`, `image_input`,
 * `cached_audio_input`, `cached_image_input`;
 * `reasoning`, `audio_output`, `image_output`, `accepted_prediction`, `rejected_prediction`.
 * @example cached_input
 */
export const ATTR_BUDGET_TOKEN_KIND = 'token_budget.token.kind';

// # job
/** The kind of job, or the step. @set on `invoke_agent` @example research */
export const ATTR_AGENT_NAME = 'gen_ai.agent.name';
/** The step, or the tool. @set on `execute_tool` @example summarise */
export const ATTR_TOOL_NAME = 'gen_ai.tool.name';
/** Id of the job. @set always @example research-42 */
export const ATTR_JOB_ID = 'token_budget.job.id';
/** Number of the run, from 1. @set on jobs and steps @example 2 */
export const ATTR_JOB_RUN = 'token_budget.job.run';
/** Name of the step. @set on steps and tools @example summarise */
export const ATTR_JOB_STEP = 'token_budget.job.step';
/** Number of the attempt at the step, from 1. @set on steps @example 1 */
export const ATTR_JOB_ATTEMPT = 'token_budget.job.attempt';
/**
 * Why the run ended: `completed`, `exhausted`, `deadline`, `signal` or `error`.
 * @set at the end @example completed
 */
export const ATTR_JOB_REASON = 'token_budget.job.reason';
/** Completed steps of all runs. @unit steps @set at the end @example 20 */
export const ATTR_JOB_STEPS = 'token_budget.job.steps';
/** Calls of all runs. @unit calls @set at the end @example 61 */
export const ATTR_JOB_CALLS = 'token_budget.job.calls';
/** Denied calls of all runs. @unit calls @set at the end @example 0 */
export const ATTR_JOB_DENIED_CALLS = 'token_budget.job.denied_calls';
/** Input and output tokens of all runs. @unit tokens @set at the end @example 41240 */
export const ATTR_JOB_TOKENS = 'token_budget.job.tokens';
/**
 * Cost of all runs; as a metric, recorded at the end of each run.
 * @unit USD @set at the end @example 0.213
 */
export const ATTR_JOB_COST = 'token_budget.job.cost';
/** Cost of calls whose process died. @unit USD @set at the end @example 0.004 */
export const ATTR_JOB_INTERRUPTED_COST = 'token_budget.job.interrupted_cost';
/** Used share of the budget. @unit share @set at the end @example 0.34 */
export const ATTR_JOB_USED_SHARE = 'token_budget.job.used_share';
/** Time that the job ran. @unit seconds @set at the end @example 312 */
export const ATTR_JOB_ACTIVE = 'token_budget.job.active';
/** Share of the input that was read from the cache. @unit share @set at the end @example 0.61 */
export const ATTR_JOB_CACHE_HIT_SHARE = 'token_budget.job.cache_hit_share';
/** Output tokens per second of call time. @unit tokens/s @set at the end @example 48.2 */
export const ATTR_JOB_OUTPUT_SPEED = 'token_budget.job.output_speed';
/** Cost per completed step. @unit USD @set at the end @example 0.0107 */
export const ATTR_JOB_COST_PER_STEP = 'token_budget.job.cost_per_step';

/**
 * The most tokens that the budget of the job may spend, in all runs.
 * @unit tokens @set at the end, if that limit is set @example 200000 @proposed issue 425
 */
export const ATTR_AGENT_TOKEN_BUDGET_LIMIT = 'gen_ai.agent.token_budget.limit';
/** Input and output tokens of all runs. @unit tokens @set at the end @example 41240 @proposed issue 425 */
export const ATTR_AGENT_TOKEN_BUDGET_CONSUMED = 'gen_ai.agent.token_budget.consumed';
/**
 * The most calls of a model that the budget of the job may make, in all runs.
 * @unit calls @set at the end, if that limit is set @example 100 @proposed issue 425
 */
export const ATTR_AGENT_ITERATION_BUDGET_LIMIT = 'gen_ai.agent.iteration_budget.limit';
/** Calls of a model in all runs. @unit calls @set at the end @example 61 @proposed issue 425 */
export const ATTR_AGENT_ITERATION_BUDGET_CONSUMED = 'gen_ai.agent.iteration_budget.consumed';

// # events
/**
 * A call ended. One event for each call; severity ERROR if it failed. A denied call has only
 * `token_budget.denied`.
 * @severity INFO @attributes `gen_ai.operation.name`, `gen_ai.request.model`, `gen_ai.request.stream`,
 * `gen_ai.response.model`, `gen_ai.response.id`, `error.type`, usage and cost as on the span,
 * `token_budget.attempts.cost`, `token_budget.call.duration`, `token_budget.scope`
 */
export const EVENT_CALL = 'token_budget.call';
/**
 * A run of a job ended; severity WARN if it stopped early, ERROR after an error.
 * @severity INFO @attributes the job attributes set at the end
 */
export const EVENT_JOB = 'token_budget.job';
/**
 * 50, 80, 95 or 100 % of a limit is settled. Emitted once for each threshold.
 * @severity WARN @attributes `token_budget.limit`, `token_budget.limit.value`, `token_budget.settled`,
 * `token_budget.reserved`, `token_budget.threshold`
 */
export const EVENT_THRESHOLD = 'token_budget.threshold';
/**
 * A limit is reached, or a call was denied while no other call was open. Emitted once.
 * @severity ERROR @attributes `token_budget.limit`, `token_budget.limit.value`, `token_budget.settled`,
 * `token_budget.reserved`
 */
export const EVENT_EXHAUSTED = 'token_budget.exhausted';
/**
 * A call was denied.
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
 * A response reported no usage, an implausible one, or a cheaper model or tier than requested.
 * @severity WARN @attributes `gen_ai.request.model`, `token_budget.reason`, `token_budget.problems`,
 * `token_budget.usage.source`
 */
export const EVENT_USAGE_MISSING = 'token_budget.usage_missing';
/**
 * A call of a strict budget cost more than was reserved for it. It is charged in full.
 * @severity WARN @attributes `gen_ai.request.model`, `gen_ai.response.model`, `token_budget.reason`,
 * `token_budget.reserved.cost`, `token_budget.reserved.tokens`, `gen_ai.usage.cost.amount`
 */
export const EVENT_EXCEEDED_RESERVATION = 'token_budget.exceeded_reservation';
/**
 * A model without a known price was called. Emitted once for each model.
 * @severity WARN @attributes `gen_ai.request.model`, `token_budget.priced_as`
 */
export const EVENT_PRICE_UNKNOWN = 'token_budget.price_unknown';
/**
 * A request whose cost is not counted, or was not reserved because it has no upper bound. Emitted once for
 * each endpoint.
 * @severity WARN @attributes `token_budget.endpoint`, `token_budget.reason`, `token_budget.refused`
 */
export const EVENT_UNMETERED = 'token_budget.unmetered';
/**
 * The store became unavailable.
 * @severity ERROR @attributes `token_budget.failure_policy`, `token_budget.reason`
 */
export const EVENT_STORE_UNAVAILABLE = 'token_budget.store_unavailable';
/** The store is available again. @severity INFO */
export const EVENT_STORE_AVAILABLE = 'token_budget.store_available';
/**
 * The ledger has lost what was spent, or a part of it. Calls of strict budgets are denied until it is restored or
 * confirmed.
 * @severity ERROR @attributes `token_budget.reason`
 */
export const EVENT_LEDGER_LOST = 'token_budget.ledger_lost';
/**
 * The store is set up in a way by which it may lose what was spent, or cannot charge it. Emitted once for each
 * problem.
 * @severity WARN @attributes `token_budget.reason`
 */
export const EVENT_STORE_WARNING = 'token_budget.store_warning';
/**
 * Calls are made that the budget neither counts nor refuses: no client is metered, or a copy of the openai SDK is not.
 * Emitted once for each budget.
 * @severity ERROR @attributes `token_budget.reason`
 */
export const EVENT_NOT_ENFORCED = 'token_budget.not_enforced';

/**
 * A call that was sent failed. Without the message of its error, which may quote content.
 * @severity WARN @attributes `exception.type`
 */
export const EVENT_OPERATION_EXCEPTION = 'gen_ai.client.operation.exception';
/**
 * The content of a call that generates output, once it ended. Only with `event_only` or `span_and_event`.
 * @severity DEBUG @attributes as on the span, with its content as objects
 */
export const EVENT_INFERENCE_DETAILS = 'gen_ai.client.inference.operation.details';

// # metrics
/**
 * Input tokens as the service reported them; 0 for a call of which it reported none.
 * @kind counter @unit {token} @attributes identity, `openai.response.service_tier`, `gen_ai.token.modality`
 */
export const METRIC_USAGE_INPUT = 'gen_ai.client.inference.usage.input_tokens';
/**
 * Output tokens as the service reported them; 0 for a call of which it reported none.
 * @kind counter @unit {token} @attributes identity, `openai.response.service_tier`, `gen_ai.token.modality`
 */
export const METRIC_USAGE_OUTPUT = 'gen_ai.client.inference.usage.output_tokens';
/**
 * Input read from the cache; part of the input.
 * @kind counter @unit {token} @attributes identity, `openai.response.service_tier`, `gen_ai.token.modality`
 */
export const METRIC_USAGE_CACHE_READ = 'gen_ai.client.inference.usage.cache_read.input_tokens';
/**
 * Input written to the cache; part of the input.
 * @kind counter @unit {token} @attributes identity, `openai.response.service_tier`, `gen_ai.token.modality`
 */
export const METRIC_USAGE_CACHE_WRITE = 'gen_ai.client.inference.usage.cache_write.input_tokens';
/**
 * Reasoning; part of the output.
 * @kind counter @unit {token} @attributes identity, `openai.response.service_tier`, `gen_ai.token.modality`
 */
export const METRIC_USAGE_REASONING = 'gen_ai.client.inference.usage.reasoning.output_tokens';
/**
 * Input tokens of a call, as the service reported them.
 * @kind histogram @unit {token} @attributes identity, `openai.response.service_tier`
 */
export const METRIC_INFERENCE_INPUT_TOKENS = 'gen_ai.client.inference.operation.input_tokens';
/**
 * Output tokens of a call, as the service reported them.
 * @kind histogram @unit {token} @attributes identity, `openai.response.service_tier`
 */
export const METRIC_INFERENCE_OUTPUT_TOKENS = 'gen_ai.client.inference.operation.output_tokens';
/**
 * Duration of a call that generates output, and was sent.
 * @kind histogram @unit s @attributes identity, `openai.response.service_tier`, `error.type`
 */
export const METRIC_INFERENCE_DURATION = 'gen_ai.client.inference.duration';
/** Time to the first chunk of a stream. @kind histogram @unit s @attributes identity */
export const METRIC_TIME_TO_FIRST_CHUNK = 'gen_ai.client.inference.time_to_first_chunk';
/**
 * Time from a chunk of a stream to the next one, unless they arrived together.
 * @kind histogram @unit s @attributes identity, without the model of the response
 */
export const METRIC_TIME_PER_OUTPUT_CHUNK = 'gen_ai.client.inference.time_per_output_chunk';
/**
 * Duration of a call for embeddings that was sent.
 * @kind histogram @unit s @attributes identity, `error.type` @proposed the page on embeddings
 */
export const METRIC_EMBEDDINGS_DURATION = 'gen_ai.client.embeddings.duration';
/**
 * Input tokens of a call for embeddings, as the service reported them.
 * @kind histogram @unit {token} @attributes identity @proposed the page on embeddings
 */
export const METRIC_EMBEDDINGS_INPUT_TOKENS = 'gen_ai.client.embeddings.operation.input_tokens';
/**
 * Duration of a call that starts a run of an assistant or an evaluation.
 * @kind histogram @unit s @attributes identity, `error.type`
 */
export const METRIC_OPERATION_DURATION = 'gen_ai.client.operation.duration';
/**
 * Amount charged for calls, including failed attempts.
 * @kind counter @unit {USD} @attributes identity, `token_budget.name`
 */
export const METRIC_COST = 'token_budget.cost';
/** Amount charged for one call. @kind histogram @unit {USD} @attributes identity, `token_budget.name` */
export const METRIC_CALL_COST = 'token_budget.call.cost';
/**
 * Tokens by kind, as they were charged: those that this package counted included.
 * @kind counter @unit {token}
 * @attributes identity, `token_budget.name`, `token_budget.token.kind`, `token_budget.usage.source`
 */
export const METRIC_TOKENS = 'token_budget.tokens';
/**
 * Calls by admission decision.
 * @kind counter @unit {call}
 * @attributes `token_budget.name`, `token_budget.decision`, `gen_ai.request.model`
 */
export const METRIC_CALLS = 'token_budget.calls';
/**
 * Calls that cost more than was reserved for them.
 * @kind counter @unit {call}
 * @attributes `token_budget.name`, `token_budget.reason`, `gen_ai.request.model`
 */
export const METRIC_EXCEEDED_RESERVATIONS = 'token_budget.exceeded_reservations';
/**
 * The most that the budget may spend.
 * @kind gauge @unit of the limit @attributes `token_budget.name`, `token_budget.limit`
 */
export const METRIC_LIMIT = 'token_budget.limit';
/**
 * Amount charged to the budget; for `minutes`, the minutes elapsed.
 * @kind gauge @unit of the limit @attributes `token_budget.name`, `token_budget.limit`
 */
export const METRIC_SETTLED = 'token_budget.settled';
/**
 * Amount reserved by open calls; none for `minutes`.
 * @kind gauge @unit of the limit @attributes `token_budget.name`, `token_budget.limit`
 */
export const METRIC_RESERVED = 'token_budget.reserved';
/**
 * Amount left in the budget.
 * @kind gauge @unit of the limit @attributes `token_budget.name`, `token_budget.limit`
 */
export const METRIC_LEFT = 'token_budget.left';
/** 1 if the budget is exhausted, otherwise 0. @kind gauge @attributes `token_budget.name` */
export const METRIC_EXHAUSTED = 'token_budget.exhausted';
/**
 * Length of the budget's window; absent without a window.
 * @kind gauge @unit s @attributes `token_budget.name`
 */
export const METRIC_WINDOW = 'token_budget.window.duration';
/**
 * Time until the budget's window ends and it resets; absent without a window.
 * @kind gauge @unit s @attributes `token_budget.name`
 */
export const METRIC_WINDOW_LEFT = 'token_budget.window.left';
/**
 * Number of times that the store became unavailable.
 * @kind counter @unit {failure} @attributes `token_budget.name`
 */
export const METRIC_STORE_FAILURES = 'token_budget.store.failures';
/**
 * Number of times that the ledger lost what was spent.
 * @kind counter @unit {loss} @attributes `token_budget.name`
 */
export const METRIC_STORE_LOSSES = 'token_budget.store.losses';
/** 1 if the budget's store can be reached, otherwise 0. @kind gauge @attributes `token_budget.name` */
export const METRIC_STORE_AVAILABLE = 'token_budget.store.available';
/**
 * 1 while the process is running, 0 after a clean exit; a 1 that stops updating means that the process was
 * killed or cut off. Not emitted if the host has its own SDK.
 * @kind gauge
 */
export const METRIC_REPORTING = 'token_budget.reporting';
/**
 * Time that a job ran, recorded at the end of each run.
 * @kind histogram @unit s @attributes `gen_ai.agent.name`, `token_budget.job.reason`
 */
export const METRIC_JOB_ACTIVE = 'token_budget.job.active';
/**
 * Cost of a job, recorded at the end of each run.
 * @kind histogram @unit {USD} @attributes `gen_ai.agent.name`, `token_budget.job.reason`
 */
export const METRIC_JOB_COST = 'token_budget.job.cost';
/**
 * Cost per completed step.
 * @kind histogram @unit {USD} @attributes `gen_ai.agent.name`, `token_budget.job.reason`
 */
export const METRIC_JOB_COST_PER_STEP = 'token_budget.job.cost_per_step';
/**
 * Share of the input that was read from the cache.
 * @kind histogram @unit 1 @attributes `gen_ai.agent.name`, `token_budget.job.reason`
 */
export const METRIC_JOB_CACHE_HIT_SHARE = 'token_budget.job.cache_hit_share';
/**
 * Output tokens per second of call time.
 * @kind histogram @unit {token}/s @attributes `gen_ai.agent.name`, `token_budget.job.reason`
 */
export const METRIC_JOB_OUTPUT_SPEED = 'token_budget.job.output_speed';
