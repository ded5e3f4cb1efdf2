export { answerAttributes, identityAttributes, requestAttributes } from './call-attributes.ts';
export { inputContent, outputContent } from './content.ts';
export { AbandonedError, setError } from './span-error.ts';
