export { type InputContent, inputContent } from './input.ts';
export { outputMessages } from './output.ts';
export type { Message } from './parts.ts';
