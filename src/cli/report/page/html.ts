import { escapeLines, formatJson } from '../../../util/index.ts';

/** Escapes text for HTML, quoted attributes included; the page may be printed on a terminal. */
export function escapeHtml(text: string): string {
  return escapeLines(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Trusted HTML, which `html` does not escape. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | undefined | readonly Part[];

/** A template tag for HTML. Values are escaped, unless they are `Html` already. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(strings.reduce((text, string, index) => text + toHtml(parts[index - 1]) + string));
}

function toHtml(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.text;
  return typeof part === 'object' ? part.map(toHtml).join('') : escapeHtml(String(part));
}

/** Embeds data for a script of the page. No text in it can end the script element. */
export function jsonScript(id: string, data: unknown): Html {
  const text = formatJson(data, 0).replace(
    /[<>&]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return html`<script type="application/json" id="${id}">${new Html(text)}</script>`;
}
