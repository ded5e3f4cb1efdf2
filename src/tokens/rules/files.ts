/*
 * What the first bytes of a file say about how much it may hold.
 */

/** Bytes that are decoded to tell the format of a file. */
const HEAD_BYTES = 4_096;

/** Returns the bytes that base64 text, with or without the head of a data URL, decodes to. */
export function base64Bytes(data: string): number {
  return Math.floor(((data.length - data.indexOf(',') - 1) * 3) / 4);
}

/** Decodes the first bytes of base64 text, with or without the head of a data URL. */
export function base64Head(data: string): Buffer {
  const start = data.indexOf(',') + 1;
  return Buffer.from(data.slice(start, start + (HEAD_BYTES / 3) * 4), 'base64');
}

/** The starts of formats that are text, and hold compressed data. */
const COMPRESSED_TEXT = /^(?:\xEF\xBB\xBF)?\s*(?:%PDF-|%!PS|\{\\rtf)/;

/** Whether a file is plain text: no byte of it stands for more than itself. */
export function isPlainText(head: Buffer): boolean {
  if (head.length === 0 || head.some(isControl)) return false;
  const text = head.toString('latin1');
  return !COMPRESSED_TEXT.test(text) && !text.includes('%PDF-');
}

/** Whether a byte is a control character that no text has: any but tab, the ends of lines and escape. */
function isControl(byte: number): boolean {
  return byte < 9 || (byte > 13 && byte < 32 && byte !== 27);
}

/** The formats of WAV without compression, and those with a fixed share of it: PCM, float, A-law, mu-law. */
const PLAIN_WAV: ReadonlySet<number> = new Set([1, 3, 6, 7, 0xfffe]);

/** Whether audio is an MP3, or a WAV whose bytes are its samples. */
export function isMp3OrPcm(head: Buffer): boolean {
  const start = head.toString('latin1', 0, 4);
  if (start.startsWith('ID3')) return true;
  if (start === 'RIFF') {
    // https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html: the format is the first field of `fmt `.
    const at = head.indexOf('fmt ');
    return at > 0 && at + 10 <= head.length && PLAIN_WAV.has(head.readUInt16LE(at + 8));
  }
  // The frame header of MPEG layer III: eleven bits of sync, layer `01`.
  return head.length > 2 && head[0] === 0xff && (head.readUInt8(1) & 0xe6) === 0xe2;
}
