import { types } from 'node:util';
import { isRecord, parseJson } from '../../util/index.ts';

type Fields = Readonly<Record<string, unknown>>;

/** How deep a body is looked into: messages, their parts, and the schemas of tools. */
const MAX_DEPTH = 12;

/** How many items of an array are looked at before they are read; longer ones have tokens or vectors. */
const MAX_ITEMS = 256;

/** Items of arrays that were found to be data: messages and tools, which an agent sends again and again. */
const knownItems = new WeakSet<object>();

/**
 * Whether a body can be read as it is, and is serialized as it looks: a plain object without accessors and
 * objects that serialize themselves (`toJSON`), a form, or none. Nothing of it is invoked. Messages and tools are
 * looked through once: who changes one later changes its data.
 */
export function isOrdinaryBody(body: unknown): boolean {
  if (body === undefined || body === null || body instanceof FormData) return true;
  // openai 4 has encoded its forms by then.
  if (isRecord(body) && Reflect.get(body, Symbol.toStringTag) === 'MultipartBody') return true;
  return isRecord(body) && !Array.isArray(body) && isData(body, 0);
}

function isData(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_DEPTH || 'toJSON' in value) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value))
    return prototype === Array.prototype && !types.isProxy(value) && isDataArray(value, depth);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key of Object.keys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property === undefined || !('value' in property) || !isData(property.value, depth + 1)) return false;
  }
  return true;
}

function isDataArray(array: readonly unknown[], depth: number): boolean {
  const isLong = array.length > MAX_ITEMS;
  for (let index = 0; index < array.length; index += 1) {
    const property = isLong ? { value: array[index] } : Object.getOwnPropertyDescriptor(array, index);
    // An item that is missing is serialized as null.
    if (property === undefined) continue;
    const item: unknown = property.value;
    if (item === undefined && !('value' in property)) return false;
    if (typeof item !== 'object' || item === null || knownItems.has(item)) continue;
    if (!isData(item, depth + 1)) return false;
    knownItems.add(item);
  }
  return true;
}

/**
 * Reads the fields of a body as it is sent, without consuming it.
 * @returns undefined if it is not JSON or a form, or if reading it would consume it
 */
export async function readSentBody(body: unknown): Promise<Fields | FormData | undefined> {
  if (body instanceof FormData) return body;
  const text = await bodyText(body);
  const value = text === undefined ? undefined : parseJson(text);
  return isRecord(value) ? value : undefined;
}

/**
 * Puts fields into a body as it is sent, in the form in which it is sent.
 * @returns the same body if it is not JSON
 */
export async function withFields(body: unknown, fields: Fields): Promise<unknown> {
  if (typeof body === 'string') return jsonWithFields(body, fields);
  const text = await bodyText(body);
  if (text === undefined) return body;
  const changed = jsonWithFields(text, fields);
  return body instanceof Blob ? new Blob([changed], { type: body.type }) : new TextEncoder().encode(changed);
}

/** Puts fields into the text of a JSON object; the rest of the text stays as it is where that is possible. */
export function jsonWithFields(text: string, fields: Fields): string {
  const value = parseJson(text);
  if (!isRecord(value)) return text;
  const isNew = Object.keys(fields).every((field) => !(field in value));
  if (!isNew || Object.keys(value).length === 0) return JSON.stringify({ ...value, ...fields });
  return `${text.slice(0, text.lastIndexOf('}'))},${JSON.stringify(fields).slice(1)}`;
}

/** Returns the text of a body that can be read again; undefined of any other, such as a stream. */
export async function bodyText(body: unknown): Promise<string | undefined> {
  if (typeof body === 'string') return body;
  if (body instanceof Blob) return body.text();
  if (body instanceof ArrayBuffer) return new TextDecoder().decode(body);
  if (ArrayBuffer.isView(body))
    return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  return undefined;
}
