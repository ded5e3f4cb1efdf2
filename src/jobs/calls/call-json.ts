import { nanoToUsd } from '../../pricing/index.ts';
import { tokenUsage, USAGE_KINDS } from '../../usage/index.ts';
import {
  type CallBody,
  type CallOptions,
  type CallResult,
  type OpenAIClient,
  type SentCall,
  sendCall,
} from './call-text.ts';
import { ResponseError } from './response-error.ts';

/** What Standard Schema says of a schema (https://standardschema.dev): valibot's, zod's and arktype's are some. */
export interface JsonSchema<T> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    /** Says whether a value is what the schema takes, and what it is then. */
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>;
    readonly types?: { readonly input: unknown; readonly output: T } | undefined;
  };
}

/** A value, or why it is not taken. */
export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** What is wrong with a value, and where in it. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

export interface JsonCallResult<T> extends CallResult {
  readonly value: T;
  /** Whether the first answer could not be used, and a second was asked for. Usage and cost are of both. */
  readonly repaired: boolean;
}

/**
 * One call whose answer is JSON that a schema takes. An answer that is not is shown to the model once, with what is wrong, to be
 * repaired; both calls are on the budget. Text around the JSON and code fences are passed over.
 * @param schema of valibot, zod, arktype, or any other of Standard Schema
 * @throws AnswerError where the second answer cannot be used either, or the model refused
 * @throws BudgetExceededError where the budget cannot pay for it, or not for the repair
 */
export async function callJson<T>(
  client: OpenAIClient,
  body: CallBody,
  schema: JsonSchema<T>,
  options: CallOptions = {},
): Promise<JsonCallResult<T>> {
  const first = await sendCall(client, body, options);
  const read = await readJson(first, schema);
  if (!(read instanceof ResponseError)) return { ...resultOf(first), value: read.value, repaired: false };
  if (read.fault === 'refused') throw read;
  const second = await sendCall(client, repairBody(body, first.text, read.message), options);
  const again = await readJson(second, schema);
  if (again instanceof ResponseError) throw again;
  return { ...resultOf(second, first), value: again.value, repaired: true };
}

async function readJson<T>(sent: SentCall, schema: JsonSchema<T>): Promise<{ value: T } | ResponseError> {
  if (sent.problem !== undefined) return new ResponseError(sent.problem.fault, sent.problem.message, sent.text);
  const value = jsonIn(sent.text);
  if (value === undefined) return new ResponseError('not_json', 'The answer is not JSON.', sent.text);
  const validated = await schema['~standard'].validate(value);
  if (validated.issues === undefined) return { value: validated.value };
  const issues = validated.issues.slice(0, 5).map(describe).join('; ');
  return new ResponseError(
    'not_valid',
    `The answer is JSON that the schema does not take: ${issues}.`,
    sent.text,
  );
}

/** The JSON of a text: all of it, or what stands in a code fence, or from the first bracket to the last. */
function jsonIn(text: string): unknown {
  const fenced = /```(?:json)?\s*([\s\S]*?)```/.exec(text)?.[1];
  const bracketed = /[[{][\s\S]*[\]}]/.exec(text)?.[0];
  for (const candidate of [text, fenced, bracketed]) {
    if (candidate === undefined) continue;
    try {
      return JSON.parse(candidate);
    } catch {}
  }
  return undefined;
}

function describe({ message, path = [] }: SchemaIssue): string {
  const keys = path.map((part) => String(typeof part === 'object' ? part.key : part));
  return keys.length === 0 ? message : `${keys.join('.')}: ${message}`;
}

/** Asks again, after all that was said before, so that the service finds that in its cache. */
function repairBody(body: CallBody, answer: string, problem: string): CallBody {
  const said = answer === '' ? [] : [{ role: 'assistant', content: answer }];
  const ask = { role: 'user', content: `${problem} Answer again with the JSON alone, complete and valid.` };
  if (Array.isArray(body['messages']))
    return { ...body, messages: [...body['messages'], ...said, ask] } as CallBody;
  const { input } = body;
  const items = Array.isArray(input) ? input : [{ role: 'user', content: input }];
  return { ...body, input: [...items, ...said, ask] } as CallBody;
}

function resultOf({ problem: _, ...sent }: SentCall, earlier?: SentCall): CallResult {
  if (earlier === undefined) return sent;
  const costNanoUsd = sent.costNanoUsd + earlier.costNanoUsd;
  const usage = tokenUsage(
    Object.fromEntries(USAGE_KINDS.map((kind) => [kind, sent.usage[kind] + earlier.usage[kind]])),
  );
  return { ...sent, usage, costNanoUsd, costUsd: nanoToUsd(costNanoUsd) };
}
