export { type InputContent, inputContent } from './input.ts';
export { outputMessages } from './output.ts';
