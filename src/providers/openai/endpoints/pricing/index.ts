export { integerBetween } from './billing.ts';
export { ASSISTANT_RUN, BATCH, CONTAINER, EVAL_RUN } from './deferred.ts';
export { IMAGES, listedImageTokens, MAX_IMAGE_TOKENS } from './images.ts';
export { SPEECH } from './speech.ts';
export { TRANSCRIPTION } from './transcription.ts';
export { VIDEOS, videoOf } from './videos.ts';
