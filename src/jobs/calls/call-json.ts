import { nanoToUsd } from '../../pricing/index.ts';
import { addUsage } from '../../usage/index.ts';
import {
  type CallBody,
  type CallOptions,
  type CallResult,
  type OpenAIClient,
  type SentCall,
  sendCall,
} from './call-text.ts';
import { ResponseError } from './response-error.ts';

/** A schema by Standard Schema (https://standardschema.dev), such as those of valibot, zod and arktype. */
export interface JsonSchema<T> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    /** Validates a value and returns it as the schema outputs it. */
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>;
    readonly types?: { readonly input: unknown; readonly output: T } | undefined;
  };
}

/** A valid value, or why a value is invalid. */
export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** A problem of a value, and its place in it. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The result of {@link callJson}. */
export interface JsonCallResult<T> extends CallResult {
  readonly value: T;
  /** Whether the first response could not be used and a second was requested. Usage and cost are of both. */
  readonly repaired: boolean;
}

/**
 * Makes a call on a budget and returns its JSON, validated by a schema. If the response does not match, the
 * model gets it back once, with the problem, to repair it; both calls are charged. Text around the JSON and
 * code fences are ignored.
 * @param schema of valibot, zod, arktype, or any other library of Standard Schema
 * @throws ResponseError if the second response cannot be used either, or the model refused
 * @throws BudgetExceededError if the budget cannot pay for the call, or for the repair
 * @throws TypeError if there is no budget, or the client or the body is invalid
 * @example
 * ```ts
 * const schema = v.object({ city: v.string(), tide: v.number() });
 * const { value } = await callJson(client, { model: 'gpt-5.2', input: 'As JSON: city, tide' }, schema, { tracker });
 * ```
 */
export async function callJson<T>(
  client: OpenAIClient,
  body: CallBody,
  schema: JsonSchema<T>,
  options: CallOptions = {},
): Promise<JsonCallResult<T>> {
  const first = await sendCall(client, body, options);
  const parsed = await parseResponse(first, schema);
  if (!(parsed instanceof ResponseError)) return { ...toResult(first), value: parsed.value, repaired: false };
  if (parsed.fault === 'refused') throw parsed;
  const second = await sendCall(client, repairBody(body, first.text, parsed.message), options);
  const repaired = await parseResponse(second, schema);
  if (repaired instanceof ResponseError) throw repaired;
  return { ...addEarlierCall(toResult(second), first), value: repaired.value, repaired: true };
}

async function parseResponse<T>(
  { text, problem }: SentCall,
  schema: JsonSchema<T>,
): Promise<{ readonly value: T } | ResponseError> {
  if (problem !== undefined) return new ResponseError(problem.fault, problem.message, text);
  const value = extractJson(text);
  if (value === undefined) return new ResponseError('not_json', 'The response is not JSON.', text);
  const validated = await schema['~standard'].validate(value);
  if (validated.issues === undefined) return { value: validated.value };
  const issues = validated.issues.slice(0, 5).map(formatIssue).join('; ');
  return new ResponseError('not_valid', `The response does not match the schema: ${issues}.`, text);
}

/**
 * Parses the JSON in a text: all of it, or the content of a code fence, or from the first bracket to the
 * last.
 */
function extractJson(text: string): unknown {
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

function formatIssue({ message, path = [] }: SchemaIssue): string {
  const keys = path.map((part) => String(typeof part === 'object' ? part.key : part));
  return keys.length === 0 ? message : `${keys.join('.')}: ${message}`;
}

/** Appends the response and the problem to the request, so that the service finds the rest in its cache. */
function repairBody(body: CallBody, response: string, problem: string): CallBody {
  const assistant = response === '' ? [] : [{ role: 'assistant', content: response }];
  const user = {
    role: 'user',
    content: `${problem} Answer again with only the JSON, complete and valid.`,
  };
  if (Array.isArray(body['messages']))
    return { ...body, messages: [...body['messages'], ...assistant, user] } as CallBody;
  const { input } = body;
  const items = Array.isArray(input) ? input : [{ role: 'user', content: input }];
  return { ...body, input: [...items, ...assistant, user] } as CallBody;
}

function toResult({ problem: _, ...result }: SentCall): CallResult {
  return result;
}

function addEarlierCall(result: CallResult, earlier: SentCall): CallResult {
  const costNanoUsd = result.costNanoUsd + earlier.costNanoUsd;
  const usage = addUsage(result.usage, earlier.usage);
  return { ...result, usage, costNanoUsd, costUsd: nanoToUsd(costNanoUsd) };
}
