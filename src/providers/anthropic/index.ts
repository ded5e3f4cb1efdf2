export { ANTHROPIC_API } from './api.ts';
