import { isRecord } from '../../util/index.ts';
import type { ApiRequest } from './request.ts';

/**
 * The fields of a request's body, of JSON or of a form: `image[]` is a list `image`, a file stays a Blob. Undefined where it
 * has none. The forms of openai 4 are encoded by then: of them only the model is known.
 */
export function requestFields({ body, ...options }: ApiRequest): Record<string, unknown> | undefined {
  if (body instanceof FormData) return formFields(body);
  if (!isRecord(body)) return undefined;
  if (Reflect.get(body, Symbol.toStringTag) !== 'MultipartBody') return body;
  const metadata = options['__metadata'];
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
