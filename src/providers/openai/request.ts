import { isPlainRecord, isRecord } from '../../util/index.ts';

/** A client of the API: `OpenAI`, `AzureOpenAI`, a subclass, or an object with the same fields. */
export interface ApiClient {
  readonly baseURL?: unknown;
}

/** A request as the SDK's `makeRequest` takes it. */
export interface ApiRequest {
  readonly method?: string;
  readonly path?: string;
  readonly body?: unknown;
  readonly stream?: boolean;
  readonly signal?: AbortSignal | null;
  readonly [key: string | symbol]: unknown;
}

/**
 * The fields of a request's body, from JSON or a form: `image[]` is a list `image`, a file stays a Blob.
 * Undefined without a body. openai 4 has encoded its forms by then: only their model is known.
 */
export function requestFields(request: ApiRequest): Readonly<Record<string, unknown>> | undefined {
  const { body } = request;
  if (isPlainRecord(body)) return body;
  if (!isRecord(body)) return undefined;
  if (body instanceof FormData) return formFields(body);
  if (Reflect.get(body, Symbol.toStringTag) !== 'MultipartBody') return body;
  const metadata = request['__metadata'];
  return isRecord(metadata) && typeof metadata['model'] === 'string' ? { model: metadata['model'] } : {};
}

function formFields(form: FormData): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [key, value] of form.entries()) {
    if (!key.endsWith('[]')) {
      fields[key] = value;
      continue;
    }
    const name = key.slice(0, -2);
    const list = fields[name];
    if (Array.isArray(list)) list.push(value);
    else fields[name] = [value];
  }
  return fields;
}
