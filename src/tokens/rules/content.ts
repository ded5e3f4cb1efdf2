import { type Fields, fieldsOf, listOf, textOf } from '../../util/index.ts';
import { isKnownModel } from '../encodings.ts';
import { base64Bytes, base64Head, isMp3OrPcm, isPlainText } from './files.ts';
import { imageSize, imageTokens } from './images.ts';
import type { Tally } from './tally.ts';

/** Adds the content of a message: a text, or a list of parts of the Chat Completions or the Responses API. */
export function addContent(tally: Tally, content: unknown): void {
  if (typeof content === 'string') tally.text(content);
  else for (const part of listOf(content)) addPart(tally, part);
}

function addPart(tally: Tally, value: unknown): void {
  if (typeof value === 'string') {
    tally.text(value);
    return;
  }
  const part = fieldsOf(value);
  switch (part['type']) {
    case 'text':
    case 'input_text':
    case 'output_text':
    case 'summary_text':
    case 'reasoning_text':
      tally.text(textOf(part['text']));
      return;
    case 'refusal':
      tally.text(textOf(part['refusal']));
      return;
    case 'image_url': {
      const image = fieldsOf(part['image_url']);
      addImage(tally, textOf(image['url']), image['detail']);
      return;
    }
    case 'input_image':
      addImage(tally, textOf(part['image_url']), part['detail']);
      return;
    case 'input_audio':
      addAudio(tally, fieldsOf(part['input_audio']));
      return;
    case 'file':
      addFile(tally, fieldsOf(part['file']));
      return;
    case 'input_file':
      addFile(tally, part);
      return;
    default:
      addUnknown(tally, part);
  }
}

function addImage(tally: Tally, url: string, detail: unknown): void {
  // An image behind a URL or a file id is seen by the service only: it counts as the most that the rule
  // allows.
  const { tokens, upper } = imageTokens(tally.model, imageSize(url), detail);
  tally.add(tokens, upper - tokens + 2);
}

/**
 * Adds audio: 10 tokens a second (https://platform.openai.com/docs/guides/realtime-costs: one for 100 ms of
 * the user's). A recorded MP3 was 1,224 bytes a token; at the lowest bit rate of MP3, 8 kbit/s, 100 bytes are
 * one. A format that may be denser has no bound; nor has another vendor's model, which counts otherwise.
 */
function addAudio(tally: Tally, audio: Fields): void {
  const data = textOf(audio['data']);
  const bytes = base64Bytes(data);
  const tokens = 4 + Math.ceil(bytes / 1200);
  tally.add(tokens, 16 + Math.ceil(bytes / 100) - tokens + 4);
  if (!isKnownModel(tally.model) || !isMp3OrPcm(base64Head(data))) tally.markOpaque();
}

/**
 * Adds a file of the request, which is read as text, a PDF also as images of its pages
 * (https://developers.openai.com/api/docs/guides/file-inputs). A token a byte bounds plain text. Nothing in
 * the size of a compressed file (PDF, docx, xlsx) bounds its text, and of a table the service makes a summary
 * of its own: they have no bound but the context window. Recorded PDFs were 14 to 230 bytes a token.
 */
function addFile(tally: Tally, file: Fields): void {
  const data = textOf(file['file_data']);
  const name = textOf(file['filename']);
  tally.text(name);
  if (data === '') {
    tally.markOpaque();
    return;
  }
  const bytes = base64Bytes(data);
  const isText = isPlainText(base64Head(data));
  const tokens = Math.ceil(bytes / (isText ? 4 : 16));
  tally.add(tokens, 64 + bytes - tokens);
  if (!isText || TABLE.test(name) || TABLE.test(data.slice(0, 64))) tally.markOpaque();
}

/** The names and media types of tables, to which the service adds summaries. */
const TABLE = /\.(?:csv|tsv|iif)$|^data:(?:text|application)\/(?:csv|tab-separated-values|x-iif)/i;

/** Adds an unknown value: all its texts, rather than nothing, and the count is incomplete. */
export function addUnknown(tally: Tally, value: unknown, seen = new Set<unknown>()): void {
  tally.markOpaque();
  if (typeof value === 'string') tally.text(value);
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  for (const field of Object.values(value)) addUnknown(tally, field, seen);
}
