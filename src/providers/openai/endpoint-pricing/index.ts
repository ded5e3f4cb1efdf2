export { wholeNumber } from './billing.ts';
export { BATCH, CONTAINER, EVAL_RUN, RUN } from './deferred.ts';
export { MOST_PICTURE_TOKENS, PICTURES, tabled } from './images.ts';
export { SPEECH } from './speech.ts';
export { TRANSCRIPTION } from './transcription.ts';
export { VIDEOS, videoOf } from './videos.ts';
