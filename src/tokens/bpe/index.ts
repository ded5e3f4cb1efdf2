export { type CountingWork, countingWork, countText, forgetTexts } from './text.ts';
