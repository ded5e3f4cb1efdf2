import { chatUsage, usageChunk } from '../../test/exchanges/build.ts';
import type { Exchange } from '../../test/support/exchange.ts';

const event = (choice: object): string =>
  `data: ${JSON.stringify({ id: 'x', model: 'gpt-4o-mini', choices: [{ index: 0, finish_reason: null, ...choice }] })}\n\n`;

/** A chat stream of four chunks with 40 tokens together, whatever cap was asked for. */
export const outgrowing: Exchange = {
  id: 'outgrowing',
  provider: 'openai',
  path: '/v1/chat/completions',
  status: 200,
  contentType: 'text/event-stream',
  stream: true,
  request: {},
  response: `${event({ delta: { content: ' tide'.repeat(10) } }).repeat(4)}${event({ delta: {}, finish_reason: 'stop' })}data: [DONE]\n\n`,
  usageChunk: usageChunk('gpt-4o-mini', chatUsage(17, 40)),
};
