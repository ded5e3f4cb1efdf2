import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { fieldsOf, isRecord } from '../../util/index.ts';
import { CheckpointError } from './checkpoint-error.ts';

/** A stored body with its format, its version and a checksum that detects changes. */
export interface VersionedEnvelope<T> {
  readonly format: string;
  readonly version: number;
  /** SHA-256 of the body as canonical JSON (keys in order), hexadecimal: detects damage, is no signature. */
  readonly checksum: string;
  readonly body: T;
}

/** A format of envelopes and the schema of its body. */
export interface EnvelopeFormat<T> {
  readonly format: string;
  /** The version that is written. */
  readonly version: number;
  readonly schema: v.GenericSchema<unknown, T>;
}

/** Wraps a body with its format, version and checksum. */
export function wrapEnvelope<T>(
  body: T,
  { format, version }: Pick<EnvelopeFormat<T>, 'format' | 'version'>,
): VersionedEnvelope<T> {
  return { format, version, checksum: checksumOf(body), body };
}

/**
 * Checks an envelope, given as text or as the parsed object, and returns its body.
 * @throws CheckpointError if it is damaged, foreign, or of a later version
 */
export function unwrapEnvelope<T>(given: unknown, { format, version, schema }: EnvelopeFormat<T>): T {
  try {
    const envelope = envelopeOf(given, format);
    if (envelope.version > version) {
      throw new CheckpointError(
        'newer',
        `it was written by a later version of otel-token-budget (${format} ${envelope.version}, known up to ${version}): ` +
          'update the package',
      );
    }
    if (checksumOf(envelope.body) !== envelope.checksum)
      throw damaged('its checksum does not match its content');
    const parsed = v.safeParse(schema, envelope.body, { abortEarly: true });
    if (parsed.success) return parsed.output;
    const path = (parsed.issues[0].path ?? []).map(({ key }) => String(key)).join('.');
    throw damaged(`its "${path}" has a wrong value`);
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    // Such as a nesting that is too deep for the stack.
    throw damaged('it cannot be read', error);
  }
}

function envelopeOf(given: unknown, format: string): VersionedEnvelope<unknown> {
  const value = typeof given === 'string' ? parse(given) : given;
  const { format: found, version, checksum, body } = fieldsOf(value);
  if (found !== format) throw new CheckpointError('foreign', `it is not of the format ${format}`);
  if (!Number.isSafeInteger(version) || Number(version) < 1) throw damaged('it has no version');
  if (typeof checksum !== 'string' || body === undefined) throw damaged('it is incomplete');
  return { format, version: Number(version), checksum, body };
}

function parse(text: string): unknown {
  if (text.trim() === '') throw damaged('it is empty');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged('it is not JSON: cut short, perhaps', error);
  }
}

function damaged(why: string, cause?: unknown): CheckpointError {
  return new CheckpointError('damaged', why, cause);
}

function checksumOf(body: unknown): string {
  return createHash('sha256').update(canonical(body)).digest('hex');
}

/** Returns the same text for the same value in any order of keys, which databases of JSON change. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    isRecord(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}
