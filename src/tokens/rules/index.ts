export { addChat } from './chat.ts';
export { framingOf } from './models.ts';
export { addResponses } from './responses.ts';
export { Tally, type TextMeasure } from './tally.ts';
