/**
 * What a terminal may act upon: control characters (C0, DEL and C1, which has an 8-bit form of the escape
 * sequences), and the format characters that reverse or hide text: https://unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
 */
const CONTROL = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The styles of a terminal (colors, bold), which our own output has. */
const STYLE_OR_CONTROL = new RegExp(`\u001b\\[[0-9;]*m|${CONTROL.source}`, 'gu');

const REPLACEMENT = '\u{fffd}';

/** Replaces characters that a terminal may act upon, line ends included, in a text that somebody else has written. */
export function escapeControl(text: string): string {
  return text.replace(CONTROL, REPLACEMENT);
}

/**
 * The same for the lines of an output of ours: line ends and styles stay.
 * @param keepStyles whether styles stay; names in the text have to be escaped before then
 */
export function escapeLines(text: string, keepStyles = false): string {
  return text.replace(keepStyles ? STYLE_OR_CONTROL : CONTROL, (found) =>
    found === '\n' || (keepStyles && found.length > 1) ? found : REPLACEMENT,
  );
}

/** Formats data as JSON, indented unless `indent` is 0, with the same characters as escape sequences of JSON. */
export function formatJson(value: unknown, indent = 2): string {
  return JSON.stringify(value, null, indent).replace(CONTROL, (found) =>
    found === '\n' ? found : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
